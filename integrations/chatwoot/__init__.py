"""Chatwoot: what it sends us, what we ask of it, and which of its versions can do what."""
