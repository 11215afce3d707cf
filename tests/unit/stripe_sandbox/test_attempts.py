"""What a card asks for, on and off session."""

import pytest

from deploy.stripe_sandbox.attempts import Manner, Step, next_step
from deploy.stripe_sandbox.cards import SCRIPTS, is_test_token, script_of

ON = Manner(off_session=False, error_on_requires_action=False, return_url=None, base_url="")
OFF = Manner(off_session=True, error_on_requires_action=False, return_url=None, base_url="")
TABLE: list[tuple[str, Step, Step, Step]] = [
    ("pm_card_visa", "charge", "charge", "charge"),
    ("pm_card_authenticationRequired", "ask", "refuse", "refuse"),
    ("pm_card_authenticationRequiredOnSetup", "ask", "refuse", "charge"),
    ("pm_card_authenticationRequiredSetupForOffSession", "ask", "charge", "charge"),
]


@pytest.mark.parametrize(("card", "on_session", "off_session", "off_session_set_up"), TABLE)
def test_authentication_depends_on_the_session_and_on_the_set_up(
    card: str, on_session: Step, off_session: Step, off_session_set_up: Step
) -> None:
    script = script_of(card)

    assert next_step(script, False, ON, "automatic") == on_session
    assert next_step(script, False, OFF, "automatic") == off_session
    assert next_step(script, True, OFF, "automatic") == off_session_set_up


def test_every_test_card_has_one_name_and_a_token_twin() -> None:
    assert len({script.token for script in SCRIPTS}) == len(SCRIPTS)
    assert script_of("tok_visa") is script_of("pm_card_visa")
    assert is_test_token("pm_card_chargeDeclinedLostCard")
    assert not is_test_token("pm_1Pgc75B7WZ01zgkW")
