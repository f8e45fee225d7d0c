"""Admin pages of integrations: remote systems, models and what was asked of both."""

from integrations.admin import model_calls, model_providers, remote_calls

__all__ = ["model_calls", "model_providers", "remote_calls"]
