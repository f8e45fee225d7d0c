"""What was asked of remote systems and models, whom to ask, and what that costs."""

from integrations.models.breaker import Breaker
from integrations.models.connection import Connection
from integrations.models.llm_call import LlmCall
from integrations.models.model_price import ModelPrice
from integrations.models.model_profile import ModelProfile
from integrations.models.provider import Provider
from integrations.models.remote_call import RemoteCall
from integrations.models.usage_mail import UsageMail

__all__ = [
    "Breaker",
    "Connection",
    "LlmCall",
    "ModelPrice",
    "ModelProfile",
    "Provider",
    "RemoteCall",
    "UsageMail",
]
