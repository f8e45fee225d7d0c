"""Small files of each kind, made by hand so that each can be made wrong."""

import hashlib
import io
import re
import zipfile

PASSWORD_PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def pdf(*pages, password=None):
    """Each page is a list of lines: a text, or a text with size and height on the page."""
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    objects[3] = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    kids = []
    for number, lines in enumerate(pages):
        page, content = 10 + 2 * number, 11 + 2 * number
        kids.append(f"{page} 0 R")
        objects[page] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        ).encode()
        stream = drawn(lines)
        if password is not None:
            stream = rc4(object_key(password, content), stream)
        objects[content] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream)
    objects[2] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    if password is not None:
        objects[4] = encryption(password)
    return assembled(objects, is_encrypted=password is not None)


def drawn(lines):
    pieces = []
    top = 800
    for line in lines:
        text, size, top = line if isinstance(line, tuple) else (line, 11, top - 14)
        text = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        pieces.append(f"BT /F1 {size} Tf 50 {top} Td ({text}) Tj ET")
    return "\n".join(pieces).encode("cp1252")


def assembled(objects, *, is_encrypted=False):
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 1\n0000000000 65535 f \n")
    for number, place in places.items():
        out.write(b"%d 1\n%010d 00000 n \n" % (number, place))
    extra = b"/Encrypt 4 0 R /ID [<00> <00>]" if is_encrypted else b""
    out.write(b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (max(objects) + 1, extra))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def encryption(password):
    entry = owner_entry(password)
    user = rc4(file_key(password), PASSWORD_PADDING)
    return b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (
        entry.hex().encode(),
        user.hex().encode(),
    )


def owner_entry(password):
    key = hashlib.md5(padded(password)).digest()[:5]
    return rc4(key, padded(password))


def file_key(password):
    entry = owner_entry(password)
    seed = padded(password) + entry + (-4 & 0xFFFFFFFF).to_bytes(4, "little") + b"\0"
    return hashlib.md5(seed).digest()[:5]


def object_key(password, number):
    seed = file_key(password) + number.to_bytes(3, "little") + b"\0\0"
    return hashlib.md5(seed).digest()[:10]


def padded(password):
    return (password.encode() + PASSWORD_PADDING)[:32]


def rc4(key, data):
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)


def xlsx(*rows, sheets=None):
    """A workbook with these rows, or with several named sheets."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, content in (sheets or {"Planilha1": rows}).items():
        sheet = book.create_sheet(name)
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def docx(fill):
    """A document that a function fills."""
    from docx import Document

    document = Document()
    fill(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def with_part(archive, name, content):
    """The same archive with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part.filename))
        new.writestr(name, content)
    return out.getvalue()


def encrypted_office():
    """The container of old Office, around what a password protects."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "EncryptedPackage".encode("utf-16le")
    )


def old_office():
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1000 + "WordDocument".encode("utf-16le")


def with_replaced(archive, name, pattern, new, count=0):
    """The same archive with one piece of one part replaced."""
    with zipfile.ZipFile(io.BytesIO(archive)) as parts:
        content = parts.read(name)
    changed = re.sub(pattern, new, content, count=count)
    assert changed != content
    return with_part(archive, name, changed)
