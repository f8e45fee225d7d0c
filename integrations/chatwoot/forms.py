"""Files for a message, and the form in which they travel."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PLAIN_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}", re.ASCII)
UNFIT_IN_NAMES = re.compile(r'["\\\x00-\x1f\x7f\ud800-\udfff/]')
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes = field(repr=False)
    content_type: str = ANY_TYPE


def multipart(fields: Mapping[str, str], files: Iterable[File], *, name: str) -> tuple[bytes, str]:
    """The body and its content type; all files go under one name."""
    boundary = secrets.token_hex(16)
    parts = [_field(key, text) for key, text in fields.items()]
    parts += [_file(name, file) for file in files]
    opening = f"--{boundary}\r\n".encode()
    body = b"".join(opening + part + b"\r\n" for part in parts)
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _field(name: str, text: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()


def _file(name: str, file: File) -> bytes:
    """Names and types come from outside: neither may end the line."""
    filename = UNFIT_IN_NAMES.sub("_", file.name) or "file"
    kind = file.content_type if PLAIN_TYPE.fullmatch(file.content_type) else ANY_TYPE
    head = (
        f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    return head.encode() + file.content
