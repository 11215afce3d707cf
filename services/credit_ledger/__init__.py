"""The ledger: which credits every account has, where they came from and what they were burned for. See README.md."""
