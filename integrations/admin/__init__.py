"""Admin pages of integrations: remote systems, models and what was asked of both."""

from integrations.admin import connections, model_calls, model_providers, remote_calls

__all__ = ["connections", "model_calls", "model_providers", "remote_calls"]
