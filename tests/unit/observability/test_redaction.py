"""What may never stand in a log line, whatever a program gives it."""

from __future__ import annotations

import pytest

from shared.observability.redaction import GONE, redact, safe_text

pytestmark = pytest.mark.case(23)


@pytest.mark.parametrize(
    "name",
    [
        "password", "client_secret", "Authorization", "api_key", "stripe_api_key", "webhook_secret", "access_token",
        "email", "to", "name", "display_name", "recipient", "mail_to", "payment_card", "database_url",
        "payload", "body", "value", "data", "headers", "request", "response",
    ],
)  # fmt: skip
def test_a_field_of_this_name_keeps_its_name_and_loses_its_content(name: str) -> None:
    assert redact({name: "anything"}) == {name: GONE}


@pytest.mark.parametrize(
    "fields",
    [
        {"workspace_id": "w1", "user_id": "u1", "purchase_id": "0198c0de-0000-7000-8000-000000000001"},
        {"topic": "billing.top-up.v1", "partition": 3, "offset": 12, "lane": "directory", "attempt": 2},
        {"reason": "price_changed", "took_ms": 4.5, "refs": ["r1", "r2"], "done": True, "nothing": None},
    ],
)
def test_ids_places_and_figures_stay(fields: dict[str, object]) -> None:
    assert redact(fields) == fields


@pytest.mark.parametrize(
    ("text", "leaked"),
    [
        ("charged with sk_test_51Habc and went on", "sk_test_51Habc"),
        ("restricted key rk_live_9zz", "rk_live_9zz"),
        ("signed with whsec_abcdef", "whsec_abcdef"),
        ("intent pi_3Nabc_secret_9xyz was opened", "pi_3Nabc_secret_9xyz"),
        ("cannot reach postgresql://billing_worker:hunter2@127.0.0.1:5432/refill", "hunter2"),
        ("header Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("connection failed: host=h password=hunter2", "hunter2"),
        ("mail to ada.lovelace+x@mail.example.org bounced", "ada.lovelace"),
    ],
)
def test_what_looks_like_a_secret_is_cut_out_of_any_text(text: str, leaked: str) -> None:
    cleaned = safe_text(text)
    assert leaked not in cleaned
    assert GONE in cleaned


def test_secrets_are_found_at_any_depth() -> None:
    redacted = redact({"outer": [{"email": "a", "inner": ("sk_test_1", 5)}]})
    assert redacted == {"outer": [{"email": GONE, "inner": [GONE, 5]}]}


def test_a_long_text_is_cut() -> None:
    assert len(safe_text("x" * 1_000_000)) < 2_100
