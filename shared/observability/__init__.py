"""How the workers say what they do: structured log lines without secrets or personal data."""
