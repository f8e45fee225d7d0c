"""How many tokens something takes, guessed on the high side from its characters."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

CHARACTERS_PER_TOKEN = 3
TOKENS_PER_MESSAGE = 4
TOKENS_PER_PICTURE = 1_500
AUDIO_BYTES_PER_TOKEN = 300


def of_text(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def of_request(messages: Iterable[Mapping[str, Any]], *others: Any) -> int:
    """Of a conversation and of what is sent along: tools, a schema."""
    total = sum(TOKENS_PER_MESSAGE + _of_message(message) for message in messages)
    return total + sum(of_text(json.dumps(other, default=str)) for other in others if other)


def of_audio(audio: bytes) -> int:
    return max(1, len(audio) // AUDIO_BYTES_PER_TOKEN)


def _of_message(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    tokens = of_text(json.dumps(message["tool_calls"])) if message.get("tool_calls") else 0
    if isinstance(content, str):
        return tokens + of_text(content)
    return tokens + sum(_of_part(part) for part in content or ())


def _of_part(part: Mapping[str, Any]) -> int:
    return of_text(part["text"]) if "text" in part else TOKENS_PER_PICTURE
