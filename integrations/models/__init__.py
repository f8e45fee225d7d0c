"""What was asked of remote systems, and which of them are left alone for a while."""

from integrations.models.breaker import Breaker
from integrations.models.remote_call import RemoteCall

__all__ = ["Breaker", "RemoteCall"]
