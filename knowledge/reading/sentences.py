"""What people read about files that are not read, or only in part."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, Any] = {
    "too_large": _(
        "This file is larger than %(limit)s MB, the most that is read of its kind. Split it and "
        "send the parts."
    ),
    "empty": _("This file is empty. Check whether the right one was chosen."),
    "unknown_kind": _("Files ending with “%(ending)s” are not read. Send one of these: %(known)s."),
    "not_a_table": _("A table is expected here. Send one of these: %(known)s."),
    "not_a_text": _("A text is expected here. Send one of these: %(known)s."),
    "wrong_ending": _(
        "The name ends with “%(ending)s”, but the content is %(content)s. Give the file its right "
        "ending, or export it again, and send it once more."
    ),
    "binary": _(
        "This file ends with “%(ending)s”, but it holds no readable text. Export it again as text "
        "in UTF-8."
    ),
    "old_office": _(
        "This file is in the format of an old Office. Open it and save it as .xlsx or .docx."
    ),
    "encrypted": _(
        "This file is protected by a password. Save a copy without password and send that one."
    ),
    "damaged": _(
        "This file is damaged or incomplete. Open it in the program it comes from, save it again "
        "and send that one."
    ),
    "unpacks_too_large": _(
        "Unpacked, this file would be far larger than allowed (%(limit)s MB). Remove pictures and "
        "unused sheets, or split it."
    ),
    "dangerous_xml": _(
        "This file holds declarations that a normal document never needs. Open it in its program, "
        "save it again and send that one."
    ),
    "too_slow": _(
        "Reading this file takes longer than allowed (%(limit)s seconds). Split it, or send its "
        "text in a simpler format."
    ),
    "too_much_memory": _(
        "Reading this file takes more memory than allowed (%(limit)s MB). Split it, or send its "
        "text in a simpler format."
    ),
    "too_much_text": _(
        "This file holds more than %(limit)s characters of text. Split it and send the parts."
    ),
    "too_deep": _(
        "The parts of this page stand inside each other more than %(limit)s levels deep. Save it "
        "as plain text and send that."
    ),
    "no_text": _(
        "There is no text in this file. If its pages were scanned, run text recognition (OCR) "
        "over it first, or write the text by hand."
    ),
    "no_header": _(
        "No row with the names of the columns was found. Write them into the first row."
    ),
    "header_too_long": _(
        "The first row is longer than %(limit)s characters. It must hold the names of the columns."
    ),
    "too_many_columns": _(
        "This table has more than %(limit)s columns. Keep the ones that are needed and send it "
        "again."
    ),
    "unknown_sheet": _("There is no sheet “%(sheet)s”. The file has these: %(sheets)s."),
    "no_sheet": _("This file has no sheet with cells. Check whether the right one was chosen."),
    "open_quotes": _(
        "Too many rows have quotation marks that are never closed, the last one in line %(line)s. "
        "Export the table again, with quotation marks around texts."
    ),
    "not_json_lines": _(
        "Each line must be one JSON object, such as {“name”: …}. Write one object per line, "
        "without a list around them."
    ),
    "more_pages": _("Only the first %(limit)s of %(pages)s pages were read. Split the file."),
    "pages_without_text": _(
        "%(count)s of %(pages)s pages hold no text. If they were scanned, run text recognition "
        "(OCR) over them."
    ),
}


def too_many_cells(width: int) -> str:
    return gettext(
        "At most %(width)s cells, as many as the first row. Put text that holds the separator into "
        "quotation marks."
    ) % {"width": width}


def too_long_row(limit: int) -> str:
    return gettext(
        "Quotation marks that are closed again, and at most %(limit)s characters in one row."
    ) % {"limit": limit}


def one_object() -> str:
    return gettext("One JSON object per line, such as {“name”: “…”}.")
