"""The sandbox, seen through the unmodified official SDK."""
