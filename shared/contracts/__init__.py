"""The wire: every message that crosses a service's border, and the one catalog of topics. No IO, no service code."""
