"""Spoken messages as text."""

from integrations.llm import estimates, gate, wire
from integrations.llm.answers import Tokens, Transcript
from integrations.llm.calls import Purpose
from integrations.llm.failures import UnfitAudioError
from integrations.llm.gate import Desk
from integrations.llm.wire import Raw
from integrations.models.model_profile import Use
from tenants.models import Tenant

MOST_BYTES = 25_000_000


def transcribe(
    tenant: Tenant,
    audio: bytes,
    *,
    name: str,
    language: str = "",
    turn: int | None = None,
    conversation: int | None = None,
    seconds: float = 60.0,
) -> Transcript:
    """What is said in a recording. Its `name` tells the format, such as voice.ogg.

    Models that are paid by the minute report no tokens; their cost is unknown.
    """
    if not audio or len(audio) > MOST_BYTES:
        raise UnfitAudioError
    purpose = Purpose(
        tenant=tenant,
        use=Use.TRANSCRIPTION,
        turn=turn,
        conversation=conversation,
        tokens_in=estimates.of_audio(audio),
    )
    values = {"language": language.split("-")[0]} if language else {}

    def listen(desk: Desk) -> Raw:
        return desk.send(
            lambda client, left: wire.transcription(
                client,
                audio=audio,
                name=name,
                seconds=left,
                model=desk.profile.model,
                **values,
            ),
            lambda raw: Tokens(written=estimates.of_text(raw.text), is_estimated=True),
        )

    done = gate.run(purpose, listen, seconds=seconds)
    return Transcript(done.value.text, model=done.model, cost=done.cost, call_id=done.call_id)
