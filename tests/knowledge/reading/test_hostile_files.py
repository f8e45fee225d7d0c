"""Files made to do harm get a clear refusal, in little time, and take nothing down."""

import io
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from contextlib import suppress

import pytest

from knowledge.reading import isolation
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File
from knowledge.reading.tables import read_table
from knowledge.reading.texts import read_text
from tests.knowledge.reading import makers

PATIENCE_SECONDS = 20


def refusal_of(content, name):
    began = time.monotonic()
    with pytest.raises(UnreadableError) as caught:
        read(File.of(name, content))

    assert time.monotonic() - began < PATIENCE_SECONDS
    assert str(caught.value).endswith(".")
    return caught.value.code


def read(file):
    return list(read_table(file).rows) if file.name.endswith("xlsx") else read_text(file)


def bomb(name, megabytes=1_000):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        with archive.open(name, "w", force_zip64=True) as part:
            for _ in range(megabytes):
                part.write(b" " * 1024 * 1024)
    return out.getvalue()


@pytest.fixture(scope="module")
def small_bomb():
    """Twelve megabytes of the same in twelve kilobytes; a larger one costs seconds to make."""
    return bomb("word/document.xml", 12)


def test_a_zip_bomb_is_seen_before_it_is_unpacked(small_bomb):
    assert refusal_of(small_bomb, "a.docx") == "unpacks_too_large"


def test_a_zip_bomb_that_lies_about_its_size_unpacks_no_further(small_bomb):
    """The list at the end says ten bytes, so ten bytes are read."""
    place = small_bomb.rindex(b"PK\x01\x02")
    content = bytearray(small_bomb)
    content[place + 24 : place + 28] = struct.pack("<I", 10)

    assert refusal_of(bytes(content), "a.docx") == "damaged"


def test_an_archive_with_too_many_parts_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"word/{number}", "")

    assert refusal_of(out.getvalue(), "a.docx") == "unpacks_too_large"


def test_a_long_list_of_parts_is_not_even_opened():
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 9, 9, 3_000_000, 4, 0)

    assert refusal_of(b"PK\x03\x04" + b"x" * 3_000_000 + end, "a.docx") == "unpacks_too_large"


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
    ],
    ids=["outside file", "billion laughs"],
)
def test_entities_in_a_document_give_no_text(declaration):
    whole = makers.docx(lambda document: document.add_paragraph("MARK"))
    content = makers.with_replaced(
        whole, "word/document.xml", b"<w:document", declaration + b"<w:document", 1
    )
    content = makers.with_replaced(content, "word/document.xml", b"MARK", b"&a;")

    assert refusal_of(content, "a.docx") == "dangerous_xml"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (makers.encrypted_office(), "a.docx", "encrypted"),
        (makers.encrypted_office(), "a.xlsx", "encrypted"),
        (makers.old_office(), "a.docx", "old_office"),
        (makers.pdf(["segredo"], password="abc"), "a.pdf", "encrypted"),
        (makers.pdf([], []), "a.pdf", "no_text"),
        (makers.pdf(["texto"] * 30)[:300], "a.pdf", "damaged"),
        (b"%PDF-1.7\n", "a.pdf", "damaged"),
        (b"\x00\x01" * 500, "a.pdf", "damaged"),
        (makers.xlsx(["a"], [1]), "a.docx", "wrong_ending"),
        (makers.xlsx(["a"], [1])[:-200], "a.xlsx", "damaged"),
        (makers.pdf(["x"]), "a.txt", "wrong_ending"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "a.pdf", "wrong_ending"),
        (bytes(range(256)) * 20, "a.txt", "binary"),
        (b"<html>" + bytes(range(256)) * 20, "a.html", "binary"),
        (b"   \n\n ", "a.md", "no_text"),
        (b"<html><script>x</script>", "a.html", "no_text"),
        (b"<div>" * 100_000 + b"x", "a.html", "too_deep"),
        (b"", "a.pdf", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused(content, name, code):
    assert refusal_of(content, name) == code


def test_a_part_that_is_no_xml_is_damaged():
    content = makers.with_part(makers.xlsx(["a"], [1]), "xl/worksheets/sheet1.xml", b"<work")

    assert refusal_of(content, "a.xlsx") == "damaged"


def test_a_page_made_to_multiply_itself_ends_at_the_memory_limit(monkeypatch):
    """Each paragraph opens all of the thousand tags before it once more."""
    monkeypatch.setattr(isolation, "MEGABYTES", 300)
    tags = "".join(f"<b id={number}>" for number in range(1_900))

    assert refusal_of(f"<p>{tags}{'<p>x' * 20_000}".encode(), "a.html") in {
        "too_much_memory",
        "damaged",
    }


def test_a_parser_that_works_too_long_is_ended(monkeypatch):
    """A row that says it is the billionth makes the library count up to it."""
    monkeypatch.setitem(isolation.SECONDS, "xlsx", 1)
    content = makers.with_replaced(
        makers.xlsx(["a"], [1]), "xl/worksheets/sheet1.xml", b'<row r="2"', b'<row r="1000000000"'
    )

    assert refusal_of(content, "a.xlsx") == "too_slow"


def test_a_parser_does_without_django(project_root):
    code = "import knowledge.reading.child, sys; " + "".join(
        f"import knowledge.reading.parsers.{name}; " for name in ("docx", "html", "pdf", "xlsx")
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{code} print('django' in sys.modules)"],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "False\n"


def test_packed_pages_that_burst_a_parser_are_refused(monkeypatch):
    monkeypatch.setattr(isolation, "MEGABYTES", 400)
    packed = zlib.compress(b"BT /F1 11 Tf (x) Tj ET\n" * 10_000_000)
    content = makers.pdf([]).replace(
        b"<< /Length 0 >>\nstream\n\nendstream",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    )

    assert len(content) < 1_000_000
    assert refusal_of(content, "a.pdf") in {"no_text", "damaged", "too_slow", "too_much_memory"}


def test_a_parser_knows_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("CANARY", "4Tq8ZrW2mN7x")
    heard = {}
    start = isolation.subprocess.Popen

    def spy(*args, **options):
        heard.update(options["env"])
        return start(*args, **options)

    monkeypatch.setattr(isolation.subprocess, "Popen", spy)
    read_text(File.of("a.html", b"<p>Oi</p>"))

    assert heard.keys() <= {"PATH", "PYTHONPATH", "OPENBLAS_NUM_THREADS", "OPENPYXL_LXML"}


def of_pages(count):
    return makers.pdf(*[[f"Texto com {'palavras ' * (n % 50)}"] for n in range(count)])


def test_a_pdf_of_two_thousand_pages_is_read():
    began = time.monotonic()
    text = read_text(File.of("a.pdf", of_pages(2_000)))

    assert (len(text.sections), text.sections[-1].page) == (2_000, 2_000)
    assert time.monotonic() - began < PATIENCE_SECONDS


def test_a_pdf_beyond_the_limit_is_read_up_to_it_and_says_so():
    text = read_text(File.of("a.pdf", of_pages(3_001)))

    assert len(text.sections) == 3_000
    assert str(text.notices[0]) == "Only the first 3000 of 3001 pages were read. Split the file."


@pytest.mark.parametrize(
    "text",
    [
        "*a *b " * 100_000,
        "<!--" * 200_000,
        "[a](b " * 100_000,
        "-" * 19_000 + "x\n",
        "# " + "#" * 500_000,
        "`a\n" * 200_000,
        "|" * 500_000,
        ("e" + "\u0301" * 100_000) * 3,
        "." * 500_000,
        "---\n" + "-a:\n" * 100,
    ],
)
def test_no_text_makes_reading_it_slow(text):
    began = time.monotonic()
    with suppress(UnreadableError):
        read_text(File.of("a.md", text.encode()))

    assert time.monotonic() - began < 5
