"""The saved cards of the examples' workspace: what Stripe would already know of a customer who has paid before."""

from deploy.stripe_sandbox.control import SandboxControl

CUSTOMER = "cus_acme"

# Payment methods that `examples/` and the story name, and the test card behind each (Stripe's page "Testing").
CARDS = (
    ("pm_acme_visa", "pm_card_visa"),
    ("pm_acme_empty", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    ("pm_acme_3ds", "pm_card_authenticationRequired"),
)


def save_example_cards(sandbox_url: str) -> None:
    """Seeds the sandbox with the customer and the cards."""
    SandboxControl(sandbox_url).customer(CUSTOMER, cards=CARDS)
