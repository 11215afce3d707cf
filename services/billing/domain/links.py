"""Links of ours that lead a buyer on. They carry the purchase's id and nothing of the processor's (B9)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses under which the buyer's browser reaches billing; `public_url` without a slash at its end."""

    public_url: str

    def authenticate(self, purchase_id: str) -> str:
        """Where the buyer authenticates."""
        return f"{self.public_url}/purchases/{purchase_id}/authenticate"

    def receipt(self, purchase_id: str) -> str:
        """Where the buyer finds the processor's receipt."""
        return f"{self.public_url}/purchases/{purchase_id}/receipt"

    def returned(self, purchase_id: str) -> str:
        """Where the processor sends the buyer afterwards."""
        return f"{self.public_url}/purchases/{purchase_id}/returned"
