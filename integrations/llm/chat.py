"""A conversation with a model: answers, requests for tools, answers of a given shape."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integrations.llm import estimates, gate, wire
from integrations.llm.answers import Completion, Tokens, ToolCall
from integrations.llm.calls import Purpose
from integrations.llm.failures import WrongShapeError
from integrations.llm.gate import Desk
from integrations.llm.personal_data import Cover, NoCover, Restorer
from integrations.llm.wire import Raw
from integrations.models import ModelProfile
from integrations.models.model_profile import Use
from tenants import configuration
from tenants.models import Tenant

if TYPE_CHECKING:
    from pydantic import BaseModel

Messages = Sequence[Mapping[str, Any]]
OnText = Callable[[str], None]

# For the model, which reads English best; what it wrote stands before it.
REPAIR = (
    "Your answer is not valid for the JSON schema that was asked for. Problems: {problems}\n"
    "Answer again, with the JSON object only."
)
MOST_PROBLEMS = 5


def complete(
    tenant: Tenant,
    messages: Messages,
    *,
    use: str = Use.ANSWERS,
    agent: str = "",
    tools: Sequence[Mapping[str, Any]] = (),
    schema: "type[BaseModel] | None" = None,
    turn: int | None = None,
    conversation: int | None = None,
    seconds: float = 60.0,
    on_text: OnText | None = None,
    profile: ModelProfile | None = None,
) -> Completion:
    """Ask the company's model; ModelError when no model answers within `seconds`.

    With `schema` the answer is checked against it, and the model is asked once more when it does
    not fit. With `on_text` the text is handed out as it comes; what was handed out stays: the
    call is not tried again after that. `profile` asks that very model.
    """
    cover = _cover_for(tenant)
    covered = cover.messages([dict(message) for message in messages])
    asked = _Asked(covered, [dict(tool) for tool in tools], schema, on_text)
    purpose = Purpose(
        tenant=tenant,
        use=use,
        agent=agent,
        turn=turn,
        conversation=conversation,
        tokens_in=estimates.of_request(covered, asked.tools, asked.shape),
        streamed=on_text is not None,
    )
    done = gate.run(
        purpose, lambda desk: _converse(desk, asked, cover), seconds=seconds, profile=profile
    )
    raw, parsed = done.value
    return Completion(
        text=cover.restore(raw.text),
        tool_calls=tuple(_restored(call, cover) for call in raw.tool_calls),
        parsed=parsed,
        model=done.model,
        tokens=done.tokens,
        cost=done.cost,
        call_id=done.call_id,
        finish_reason=raw.finish_reason,
    )


@dataclass(slots=True)
class _Asked:
    """What the caller wants, in plain values; messages as the model may read them."""

    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    schema: "type[BaseModel] | None"
    on_text: OnText | None

    @property
    def shape(self) -> dict[str, Any] | None:
        return None if self.schema is None else self.schema.model_json_schema()


def _cover_for(tenant: Tenant) -> Cover | NoCover:
    is_wanted = configuration.effective(tenant.pk).setting("mask_personal_data")
    return Cover() if is_wanted else NoCover()


def _converse(desk: Desk, asked: _Asked, cover: Cover | NoCover) -> tuple[Raw, Any]:
    raw = _ask(desk, asked, asked.messages, cover)
    if asked.schema is None or raw.tool_calls:
        return raw, None
    try:
        return raw, _parsed(raw, asked.schema, cover)
    except ValueError as error:
        if not desk.may_repeat:
            raise WrongShapeError from None
        messages = [*asked.messages, *_repair(raw, error)]
    raw = _ask(desk, asked, messages, cover)
    try:
        return raw, _parsed(raw, asked.schema, cover)
    except ValueError:
        raise WrongShapeError from None


def _ask(desk: Desk, asked: _Asked, messages: list[dict[str, Any]], cover: Cover | NoCover) -> Raw:
    body = _body(desk.profile, asked, messages)

    def estimate(raw: Raw) -> Tokens:
        written = estimates.of_text(raw.text)
        written += sum(estimates.of_text(call.arguments) for call in raw.tool_calls)
        read = estimates.of_request(messages, asked.tools, asked.shape)
        return Tokens(read=read, written=written, is_estimated=True)

    if asked.on_text is None:
        return desk.send(lambda client, left: wire.chat(client, body, seconds=left), estimate)
    return _ask_in_pieces(desk, body, cover, asked.on_text, estimate)


def _ask_in_pieces(
    desk: Desk,
    body: dict[str, Any],
    cover: Cover | NoCover,
    on_text: OnText,
    estimate: Callable[[Raw], Tokens],
) -> Raw:
    restorer = Restorer(cover, on_text)

    def take(piece: str) -> None:
        desk.may_repeat = False
        restorer.take(piece)

    raw = desk.send(
        lambda client, left: wire.chat_in_pieces(client, body, seconds=left, on_text=take),
        estimate,
    )
    restorer.finish()
    return raw


def _body(profile: ModelProfile, asked: _Asked, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """OpenAI calls the limit of an answer anew; others still know the old name only."""
    limit = "max_completion_tokens" if profile.provider.is_openai_itself else "max_tokens"
    body: dict[str, Any] = {"model": profile.model, "messages": messages, limit: profile.max_tokens}
    if profile.temperature is not None:
        body["temperature"] = float(profile.temperature)
    if asked.tools:
        body["tools"] = asked.tools
    if asked.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": asked.schema.__name__[:64], "schema": asked.shape},
        }
    return body


def _parsed(raw: Raw, schema: "type[BaseModel]", cover: Cover | NoCover) -> "BaseModel":
    return schema.model_validate_json(cover.restore(raw.text))


def _repair(raw: Raw, error: Any) -> list[dict[str, Any]]:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = json.dumps(problems[:MOST_PROBLEMS], default=str)
    return [
        {"role": "assistant", "content": raw.text},
        {"role": "user", "content": REPAIR.format(problems=told)},
    ]


def _restored(call: ToolCall, cover: Cover | NoCover) -> ToolCall:
    return ToolCall(call.id, call.name, cover.restore(call.arguments))
