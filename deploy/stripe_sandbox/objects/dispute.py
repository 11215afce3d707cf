"""Dispute (stripe/_dispute.py) with the movements of the balance it causes (stripe/_balance_transaction.py)."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from deploy.stripe_sandbox.cards import BY_TOKEN
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject

# The fields of `Dispute.Evidence`: all null until someone submits evidence, which the sandbox does not model.
EVIDENCE = """
access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation shipping_address
shipping_carrier shipping_date shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text
"""
RESPONSE_WINDOW_S = 7 * 86_400  # networks give 7 to 21 days ("Respond to disputes"); the shortest is the strictest
# Visa's codes for the reasons the test cards open disputes with ("Dispute reason codes").
NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1"}


@dataclass(frozen=True, kw_only=True)
class Dispute(Record):
    """ended: when it was won or lost; None while open."""

    KIND: ClassVar[str] = "dispute"
    amount: int
    currency: str
    charge: str
    payment_intent: str
    script: str
    reason: str
    status: Literal["needs_response", "won", "lost"]
    ended: int | None = None

    def wire(self) -> JsonObject:
        brand = BY_TOKEN[self.script].brand
        evidence: JsonObject = {**dict.fromkeys(EVIDENCE.split()), "enhanced_evidence": {}}
        movements: list[Json] = [self.movement("withdrawal", -self.amount, self.created)]
        if self.status == "won" and self.ended is not None:
            movements.append(self.movement("reversal", self.amount, self.ended))
        return {
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": movements,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": evidence,
            "evidence_details": {
                "due_by": self.created + RESPONSE_WINDOW_S,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": False,
            "livemode": False,
            "metadata": {},
            "payment_intent": self.payment_intent,
            "payment_method_details": {
                "card": {
                    "brand": brand,
                    "case_type": "chargeback",
                    "network": brand,
                    "network_reason_code": NETWORK_REASONS.get(self.reason),
                },
                "type": "card",
            },
            "reason": self.reason,
            "status": self.status,
        }

    def movement(self, what: str, amount: int, at: int) -> JsonObject:
        """One balance transaction; the sandbox charges no dispute fee, so the net is the amount."""
        return {
            "id": f"txn_{what}_{self.id}",
            "object": "balance_transaction",
            "amount": amount,
            "available_on": at,
            "balance_type": "payments",
            "created": at,
            "currency": self.currency,
            "description": f"Chargeback {what} for {self.charge}",
            "exchange_rate": None,
            "fee": 0,
            "fee_details": [],
            "net": amount,
            "reporting_category": "dispute" if what == "withdrawal" else "dispute_reversal",
            "source": self.id,
            "status": "available",
            "type": "adjustment",
        }
