"""Requests and answers as they go over the wire, and what an error there means.

Answers are read as plain JSON and checked here, because servers that “speak like OpenAI” differ.
"""

import json
import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from integrations.failures import AddressRefusedError, AnswerTooLargeError
from integrations.http import retry_after_in
from integrations.llm import failures
from integrations.llm.answers import Tokens, ToolCall
from integrations.llm.failures import ModelError, UnusableAnswerError

logger = logging.getLogger(__name__)

MOST_TOKENS = 2**40
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})
# Words of providers that say more than the status; other words are not looked at.
BY_CODE: Mapping[str, type[ModelError]] = {
    "insufficient_quota": failures.NoCreditError,
    "billing_hard_limit_reached": failures.NoCreditError,
    "context_length_exceeded": failures.TextTooLongError,
    "content_filter": failures.ContentRefusedError,
    "content_policy_violation": failures.ContentRefusedError,
    "model_not_found": failures.UnknownModelError,
    "DeploymentNotFound": failures.UnknownModelError,
    "invalid_api_key": failures.KeyRefusedError,
}
BY_STATUS: Mapping[int, type[ModelError]] = {
    401: failures.KeyRefusedError,
    403: failures.KeyRefusedError,
    404: failures.UnknownModelError,
    408: failures.ProviderFailedError,
    409: failures.ProviderFailedError,
    425: failures.ProviderFailedError,
    429: failures.TooManyRequestsError,
}


@dataclass(frozen=True, slots=True)
class Raw:
    """One answer. `tokens` is None when the provider did not say, or said nonsense."""

    model: str = ""
    tokens: Tokens | None = None
    text: str = field(default="", repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    vectors: tuple[tuple[float, ...], ...] = field(default=(), repr=False)


def chat(client: Any, body: Mapping[str, Any], *, seconds: float) -> Raw:
    with _as_our_errors():
        answer = client.chat.completions.with_raw_response.create(**body, timeout=seconds)
    with _reading():
        return _completion(_json(answer.content))


def chat_in_pieces(
    client: Any, body: Mapping[str, Any], *, seconds: float, on_text: Callable[[str], None]
) -> Raw:
    """Hands out the text as it comes; raises what `on_text` raises."""
    body = {**body, "stream": True, "stream_options": {"include_usage": True}}
    collected = _Pieces()
    with closing(_texts(client, body, collected, seconds=seconds)) as texts:
        for text in texts:
            on_text(text)
    return collected.whole()


def embeddings(client: Any, body: Mapping[str, Any], *, seconds: float) -> Raw:
    with _as_our_errors():
        answer = client.embeddings.with_raw_response.create(
            **body, encoding_format="float", timeout=seconds
        )
    with _reading():
        data = _json(answer.content)
        rows = _list(data.get("data"))
        if len(rows) != len(body["input"]):
            raise UnusableAnswerError(outcome_unknown=True)
        rows.sort(key=lambda row: int(row.get("index", 0)))
        vectors = tuple(tuple(float(number) for number in row["embedding"]) for row in rows)
        return Raw(_text(data.get("model")), _tokens(data.get("usage")), vectors=vectors)


def transcription(client: Any, *, audio: bytes, name: str, seconds: float, **values: str) -> Raw:
    with _as_our_errors():
        answer = client.audio.transcriptions.with_raw_response.create(
            file=(name, audio), response_format="json", timeout=seconds, **values
        )
    with _reading():
        data = _json(answer.content)
        if not isinstance(data.get("text"), str):
            raise UnusableAnswerError(outcome_unknown=True)
        return Raw(tokens=_tokens(data.get("usage")), text=_text(data["text"]))


def models(client: Any, *, seconds: float) -> list[str]:
    """The names of the models that a key may use; costs nothing."""
    with _as_our_errors():
        answer = client.models.with_raw_response.list(timeout=seconds)
    with _reading():
        rows = _list(_json(answer.content).get("data"))
        return [_text(row.get("id")) for row in rows if isinstance(row, dict)]


def _texts(
    client: Any, body: Mapping[str, Any], collected: "_Pieces", *, seconds: float
) -> Generator[str, None, None]:
    with _as_our_errors():
        create = client.chat.completions.with_streaming_response.create
        with create(**body, timeout=seconds) as answer:
            for line in answer.iter_lines():
                with _reading():
                    text = collected.take(line)
                if text:
                    yield text


@contextmanager
def _as_our_errors() -> Iterator[None]:
    """Without the original as cause: it carries the request with the key in its headers."""
    import httpx  # noqa: PLC0415  with openai, that needs it
    import openai

    problem: ModelError
    try:
        yield
        return
    except ModelError:
        raise
    except openai.APIStatusError as error:
        problem = _of_status(error.status_code, error.response.headers, _code(error.body))
    except (openai.APIConnectionError, httpx.HTTPError, AnswerTooLargeError) as error:
        problem = _of_connection(error)
    except AddressRefusedError:
        problem = failures.AddressClosedError()
    except openai.OpenAIError:
        problem = UnusableAnswerError(outcome_unknown=True)
    raise problem from None


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever stands where something else was to be expected makes an answer unusable."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnusableAnswerError(outcome_unknown=True) from None


def _of_status(status: int, headers: Mapping[str, str], code: str) -> ModelError:
    kind = BY_CODE.get(code) or BY_STATUS.get(status)
    if kind is None:
        is_failure = status >= 500
        kind = failures.ProviderFailedError if is_failure else failures.RequestRefusedError
    logger.warning("A model provider answered with status %s", status)
    return kind(status=status, retry_after=retry_after_in(headers))


def _of_connection(error: Exception) -> ModelError:
    """The library wraps what the way out raised."""
    cause = error.__cause__ or error
    if isinstance(cause, AddressRefusedError):
        return failures.AddressClosedError()
    name = type(cause).__name__
    logger.warning("No usable answer from a model provider: %s", name)
    was_slow = name in {"ReadTimeout", "WriteTimeout", "ConnectTimeout", "APITimeoutError"}
    kind = failures.TooSlowError if was_slow else failures.NoAnswerFromModelError
    return kind(outcome_unknown=name not in NEVER_SENT)


def _code(body: Any) -> str:
    inner = body.get("error", body) if isinstance(body, dict) else None
    return _text(inner.get("code")) if isinstance(inner, dict) else ""


def _json(content: bytes) -> dict[str, Any]:
    data = json.loads(content)
    if not isinstance(data, dict):
        raise UnusableAnswerError(outcome_unknown=True)
    return data


def _completion(data: Mapping[str, Any]) -> Raw:
    choice = _list(data.get("choices"))[0:1]
    if not choice or not isinstance(choice[0], dict):
        raise UnusableAnswerError(outcome_unknown=True)
    message = choice[0].get("message") or {}
    calls = tuple(_tool_call(call) for call in message.get("tool_calls") or ())
    return Raw(
        model=_text(data.get("model")),
        tokens=_checked(_tokens(data.get("usage")), has_output=bool(message.get("content"))),
        text=_text(message.get("content")) or _text(message.get("refusal")),
        tool_calls=calls,
        finish_reason="refusal" if message.get("refusal") else _text(choice[0]["finish_reason"]),
    )


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    arguments = function.get("arguments") or "{}"
    if not isinstance(arguments, str):
        arguments = json.dumps(arguments)
    return ToolCall(_text(call.get("id")), _text(function["name"]), _text(arguments))


def _tokens(usage: Any) -> Tokens | None:
    """Chat, embeddings and transcription name the same things differently."""
    if not isinstance(usage, dict):
        return None
    read = _number(usage, "prompt_tokens", "input_tokens")
    written = _number(usage, "completion_tokens", "output_tokens") or 0
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    cached = _number(details, "cached_tokens") if isinstance(details, dict) else 0
    if read is None or written < 0:
        return None
    return Tokens(read=read, cached=min(cached or 0, read), written=written)


def _checked(tokens: Tokens | None, *, has_output: bool) -> Tokens | None:
    """A text cannot have come of nothing."""
    if tokens is None or not tokens.read or (has_output and not tokens.written):
        return None
    return tokens


def _number(values: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_TOKENS:
            return value
    return None


def _text(value: Any) -> str:
    """JSON may carry halves of characters and zero bytes, which no database takes as text."""
    if not isinstance(value, str):
        return ""
    return value.encode(errors="replace").decode().replace("\0", "")


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


class _Pieces:
    """An answer that comes in pieces, each a line of a stream of events."""

    def __init__(self) -> None:
        self._model = ""
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, str]] = {}
        self._finish_reason = ""
        self._usage: Any = None
        self._is_complete = False

    def take(self, line: str) -> str:
        """The text in this line, if it has any."""
        name, _colon, value = line.partition(":")
        value = value.strip()
        if name != "data" or not value:
            return ""
        if value == "[DONE]":
            self._is_complete = True
            return ""
        data = _json(value.encode())
        if "error" in data:
            raise _of_status(500, {}, _code(data))
        self._model = _text(data.get("model")) or self._model
        self._usage = data.get("usage") or self._usage
        choices = _list(data.get("choices"))
        return self._take_choice(choices[0]) if choices else ""

    def whole(self) -> Raw:
        """A stream that ends before its end was cut off."""
        if not self._is_complete and not self._finish_reason:
            raise failures.NoAnswerFromModelError(outcome_unknown=True)
        calls = [self._calls[index] for index in sorted(self._calls)]
        has_output = bool(self._texts)
        return Raw(
            model=self._model,
            tokens=_checked(_tokens(self._usage), has_output=has_output),
            text="".join(self._texts),
            tool_calls=tuple(
                ToolCall(call["id"], call["name"], call["arguments"] or "{}") for call in calls
            ),
            finish_reason=self._finish_reason,
        )

    def _take_choice(self, choice: Mapping[str, Any]) -> str:
        self._finish_reason = _text(choice.get("finish_reason")) or self._finish_reason
        delta = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            self._take_call(piece)
        text = _text(delta.get("content"))
        if text:
            self._texts.append(text)
        return text

    def _take_call(self, piece: Mapping[str, Any]) -> None:
        empty = {"id": "", "name": "", "arguments": ""}
        call = self._calls.setdefault(int(piece.get("index", 0)), empty)
        function = piece.get("function") or {}
        call["id"] = _text(piece.get("id")) or call["id"]
        call["name"] = _text(function.get("name")) or call["name"]
        call["arguments"] += _text(function.get("arguments"))
