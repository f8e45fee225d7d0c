"""The one gate for every call of a model: answers, embeddings, transcription.

    answer = llm.complete(tenant, [{"role": "user", "content": text}], seconds=60)

Profile, key, budget, time, tries, replacement, price and record are all decided behind it.
"""

from integrations.llm.answers import Completion, Tokens, ToolCall, Transcript
from integrations.llm.chat import complete
from integrations.llm.embedding import embed
from integrations.llm.failures import BudgetStoppedError, ModelError, NoProviderError
from integrations.llm.profiles import has_model
from integrations.llm.transcribing import transcribe

__all__ = [
    "BudgetStoppedError",
    "Completion",
    "ModelError",
    "NoProviderError",
    "Tokens",
    "ToolCall",
    "Transcript",
    "complete",
    "embed",
    "has_model",
    "transcribe",
]
