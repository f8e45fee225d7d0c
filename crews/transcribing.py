"""Voice messages become text before anybody answers them."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from integrations import llm
from integrations.chatwoot.reading import clean
from integrations.chatwoot.values import Attachment
from integrations.failures import AddressRefusedError, NoAnswerError, RemoteError
from integrations.http import Session
from integrations.llm.failures import UnfitAudioError
from integrations.llm.transcribing import MOST_BYTES
from integrations.models.model_profile import Use
from tenants.models import Tenant

logger = logging.getLogger(__name__)

# Files may lie elsewhere than Chatwoot's API; when that place is down, the API need not be.
SERVICE = "chatwoot-files"
# What providers tell the format by is the end of the file's name.
FORMATS: Mapping[str, str] = {
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "m4a",
    "audio/webm": "webm",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/flac": "flac",
}
USUAL_FORMAT = "ogg"


def transcribed(
    tenant: Tenant,
    attachments: Sequence[Attachment],
    *,
    connection_key: str,
    base_url: str,
    turn: int | None,
    seconds: float,
) -> tuple[Attachment, ...]:
    """The same, with what is said in those voice messages that Chatwoot did not transcribe.

    What fails stays without a transcript; no RemoteError leaves here. `seconds` are for all of
    them together.
    """
    if not any(map(_is_unheard, attachments)):
        return tuple(attachments)
    if not llm.has_model(tenant, use=Use.TRANSCRIPTION):
        logger.info("Voice messages stay without transcript: no model is set up for it.")
        return tuple(attachments)
    session = Session(
        tenant, service=SERVICE, connection=connection_key, most_bytes=MOST_BYTES, seconds=seconds
    )
    until = time.monotonic() + seconds
    return tuple(
        _heard(session, attachment, base_url=base_url, turn=turn, until=until)
        if _is_unheard(attachment)
        else attachment
        for attachment in attachments
    )


def _is_unheard(attachment: Attachment) -> bool:
    return attachment.kind == "audio" and not attachment.transcript.strip()


def _heard(
    session: Session, attachment: Attachment, *, base_url: str, turn: int | None, until: float
) -> Attachment:
    try:
        audio, name = _download(session, attachment, base_url=base_url, turn=turn, until=until)
        done = llm.transcribe(session.tenant, audio, name=name, turn=turn, seconds=_left(until))
    except RemoteError as error:
        logger.warning(
            "Voice message %s stays without transcript: %s", attachment.id, type(error).__name__
        )
        return attachment
    return replace(attachment, transcript=clean(done.text).strip())


def _download(
    session: Session, attachment: Attachment, *, base_url: str, turn: int | None, until: float
) -> tuple[bytes, str]:
    """The recording, and a name that tells its format."""
    url = _address(base_url, attachment.url)
    if (attachment.size or 0) > MOST_BYTES:
        raise UnfitAudioError
    reply = session.request(
        "GET",
        url,
        follow_redirects=True,
        is_path_secret=True,
        seconds=_left(until),
        turn=turn,
    )
    kind = _plain_type(reply.headers.get("content-type", ""))
    if kind.startswith("text/"):
        raise UnfitAudioError
    ending = FORMATS.get(_plain_type(attachment.content_type)) or FORMATS.get(kind, USUAL_FORMAT)
    return reply.content, f"voice.{ending}"


def _address(base_url: str, url: str) -> str:
    """Chatwoot may leave out its own host."""
    try:
        whole = urljoin(base_url, url)
    except ValueError:
        raise AddressRefusedError from None
    if not url or not whole.startswith(("http://", "https://")):
        raise AddressRefusedError
    return whole


def _plain_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise NoAnswerError
    return left
