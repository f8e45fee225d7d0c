"""Whether something is found, in words and labels."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from knowledge.models import Piece, PieceState
from knowledge.standing import Standing, standing_of
from tenants.showing import visible

NOTHING = "–"
STATE_LABELS: dict[str, str] = {
    PieceState.DRAFT: "info",
    PieceState.PUBLISHED: "success",
    PieceState.ARCHIVED: "",
}


def label(text: Any, kind: str) -> SafeString:
    """As the theme draws it."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": kind})


def over(first: Any, second: Any) -> SafeString:
    """Two lines of one cell."""
    cell = '<span class="cwai-cell"><span>{}</span><span class="text-subtle">{}</span></span>'
    return format_html(cell, first, second)


def number(amount: int) -> str:
    return number_format(amount, use_l10n=True, force_grouping=True)


def found_by_now(piece: Piece) -> SafeString:
    """Found, being indexed, or why not; and what the index reported last."""
    if piece.state != PieceState.PUBLISHED:
        return over(label(_("Not searched"), ""), _("Only what is published is found."))
    standing = standing_of(piece)
    if not standing.total:
        return over(label(_("Not found"), "warning"), _("There is no text in it to be found."))
    if standing.is_complete:
        return over(label(_("Found"), "success"), passages(standing.total))
    return over(label(_("Being indexed"), "info"), _progress(standing))


def passages(count: int) -> str:
    return ngettext("%(count)s passage", "%(count)s passages", count) % {"count": number(count)}


def _progress(standing: Standing) -> str:
    words = {"ready": number(standing.ready), "total": number(standing.total)}
    done = _("%(ready)s of %(total)s passages") % words
    if not standing.error:
        return done
    return _("%(done)s. The last try failed: %(error)s It is tried again by itself.") % {
        "done": done,
        "error": visible(standing.error),
    }
