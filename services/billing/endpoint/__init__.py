"""The small HTTP door of billing: webhooks come in, buyers are led to where they authenticate."""
