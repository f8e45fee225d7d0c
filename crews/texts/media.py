"""Attachments in words, so that a crew knows what came with a message.

These words are for crews, not for staff, so they stand here in the languages of customers.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from crews.texts.visible import visible
from integrations.chatwoot.values import Attachment

LONGEST_NAME = 120
LONGEST_LINK = 500

KINDS: Mapping[str, Mapping[str, str]] = {
    "pt-br": {
        "image": "imagem",
        "video": "vídeo",
        "audio": "mensagem de voz sem transcrição",
        "spoken": "mensagem de voz",
        "file": "arquivo",
        "sticker": "figurinha",
        "location": "localização",
        "contact": "contato",
        "fallback": "link",
        "embed": "conteúdo incorporado",
        "share": "publicação compartilhada",
        "story_mention": "menção em um story",
        "ig_story": "story do Instagram",
        "ig_post": "publicação do Instagram",
        "ig_reel": "reel do Instagram",
        "other": "anexo",
    },
    "en": {
        "image": "image",
        "video": "video",
        "audio": "voice message without transcript",
        "spoken": "voice message",
        "file": "file",
        "sticker": "sticker",
        "location": "location",
        "contact": "contact",
        "fallback": "link",
        "embed": "embedded content",
        "share": "shared post",
        "story_mention": "mention in a story",
        "ig_story": "Instagram story",
        "ig_post": "Instagram post",
        "ig_reel": "Instagram reel",
        "other": "attachment",
    },
    "es": {
        "image": "imagen",
        "video": "vídeo",
        "audio": "mensaje de voz sin transcripción",
        "spoken": "mensaje de voz",
        "file": "archivo",
        "sticker": "sticker",
        "location": "ubicación",
        "contact": "contacto",
        "fallback": "enlace",
        "embed": "contenido incrustado",
        "share": "publicación compartida",
        "story_mention": "mención en una historia",
        "ig_story": "historia de Instagram",
        "ig_post": "publicación de Instagram",
        "ig_reel": "reel de Instagram",
        "other": "adjunto",
    },
}
FIRST_LANGUAGE = "pt-br"
# Their words are all there is to them.
TOLD_BY_WORDS = frozenset({"location", "contact", "fallback"})
EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def describe(attachments: Sequence[Attachment], language: str) -> str:
    """One line for each, in square brackets, so that nobody takes it for the customer's words.

    What was said in a voice message is the customer's words and stands behind the bracket.
    """
    kinds = KINDS.get(language, KINDS[FIRST_LANGUAGE])
    return "\n".join(_line(attachment, kinds) for attachment in attachments)


def is_readable(attachment: Attachment) -> bool:
    """Whether its line says all that a crew needs."""
    if attachment.kind == "audio":
        return bool(_one_line(attachment.transcript))
    return attachment.kind in TOLD_BY_WORDS and bool(_details(attachment))


def unreadable_kinds(attachments: Iterable[Attachment]) -> tuple[str, ...]:
    """Of those that no crew can read, each once."""
    return tuple(dict.fromkeys(a.kind for a in attachments if not is_readable(a)))


def _line(attachment: Attachment, kinds: Mapping[str, str]) -> str:
    transcript = _one_line(attachment.transcript)
    if attachment.kind == "audio" and transcript:
        return f"[{kinds['spoken']}] {transcript}"
    name = kinds.get(attachment.kind, kinds["other"])
    details = ", ".join(_details(attachment))
    return f"[{name}: {details}]" if details else f"[{name}]"


def _details(attachment: Attachment) -> list[str]:
    title = _one_line(attachment.fallback)[:LONGEST_NAME]
    if attachment.kind in TOLD_BY_WORDS:
        details = [title, _place(attachment), _link(attachment)]
    else:
        details = [title, _file_name(attachment.url), _size(attachment.size)]
    return [detail for detail in details if detail]


def _place(attachment: Attachment) -> str:
    if attachment.latitude is None or attachment.longitude is None:
        return ""
    return f"{attachment.latitude}, {attachment.longitude}"


def _link(attachment: Attachment) -> str:
    """Only what the customer shares as a link: addresses of files open them to whoever reads."""
    url = attachment.url
    is_fit = attachment.kind == "fallback" and url.startswith(("http://", "https://"))
    return _one_line(url) if is_fit and len(url) <= LONGEST_LINK else ""


def _file_name(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    name = _one_line(unquote(path.rpartition("/")[2]))
    return name[-LONGEST_NAME:] if EXTENSION.search(name) else ""


def _size(size: int | None) -> str:
    if not size:
        return ""
    if size < 1_000_000:
        return f"{max(1, round(size / 1_000))} KB"
    return f"{round(size / 1_000_000)} MB"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
