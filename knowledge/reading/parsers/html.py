"""The main text of an HTML page, its links, and what it says about itself.

One walk over the tree without recursion. Navigation, forms, banners and scripts are left out.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

from selectolax.lexbor import LexborHTMLParser, LexborNode

from knowledge.reading.cleaning import cleaned, in_one_line
from knowledge.reading.decoding import decoded
from knowledge.reading.failures import UnreadableError
from knowledge.reading.sections import ENTRY, Block, row_of, sections_of

DEEPEST = 2_000  # building the tree takes the square of the depth
MOST_LINKS = 5_000
LONGEST_ADDRESS = 2_000

SILENT = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas"}
    | {"nav", "aside", "form", "dialog", "menu", "button", "select", "textarea", "input", "head"}
    | {"audio", "video", "map", "datalist", "progress", "meter"}
)
SILENT_ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "dialog", "alertdialog", "menu", "menubar"}
    | {"complementary", "toolbar", "tablist"}
)
PANELS = frozenset({"region", "tabpanel"})
MAIN = frozenset({"main", "article"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    {"p", "div", "section", "article", "main", "ul", "ol", "dl", "dd", "blockquote", "pre", "hr"}
    | {"figure", "figcaption", "address", "details", "table", "tbody", "thead", "tfoot", "caption"}
    | {"header", "footer", "fieldset", "center", "body", "td", "th", "tr", "li", "hgroup"}
)
QUESTION = 7  # the level of what opens an answer: <summary> and <dt>
QUESTIONS = frozenset({"summary", "dt"})
ANSWERED = frozenset({"details", "dl"})

_BANNER = re.compile(
    r"(?:^|\s)(?:js-)?(?:cookies?(?:[-_]?(?:banner|bar|box|consent|notice|modal|popup|message|alert"
    r"|overlay|law|info|aviso))?|(?:lgpd|gdpr|consent|onetrust|cookiebot|cookieconsent|newsletter"
    r"|breadcrumbs?|skip-link|screen-reader-text|sr-only|share|social)(?:[-_]\S*)?)(?:$|\s)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# They close themselves or each other, and pages leave their ends out.
UNNESTED = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody", "tfoot", "colgroup"}
    | {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source"}
    | {"track", "wbr", "param", "html", "head", "body"}
)


def parse(stream: BinaryIO, *, charset: str = "") -> Iterator[dict[str, Any]]:
    text = decoded(stream.read(), ending=".html", charset=charset).replace("\0", "")
    _check_depth(text)
    tree = LexborHTMLParser(text)
    yield {"title": _title(tree), **_about(tree)}
    yield {"links": _links(tree)}
    for section in sections_of(_Walk(tree).blocks()):
        yield {"path": section.path, "text": section.text, "page": None}


def _check_depth(text: str) -> None:
    depth = deepest = 0
    for end, name in _TAG.findall(text):
        if name.lower() not in UNNESTED:
            depth = max(depth + (-1 if end else 1), 0)
            deepest = max(depth, deepest)
    if deepest > DEEPEST:
        raise UnreadableError("too_deep", limit=DEEPEST)


def _title(tree: LexborHTMLParser) -> str:
    found = tree.css_first("head > title")
    return in_one_line(found.text())[:300] if found else ""


def _about(tree: LexborHTMLParser) -> dict[str, str]:
    html = tree.css_first("html")
    return {
        "description": _meta(tree, "description"),
        "robots": _meta(tree, "robots").lower(),
        "canonical": _attribute(tree.css_first("link[rel=canonical]"), "href"),
        "base": _attribute(tree.css_first("base[href]"), "href"),
        "language": _attribute(html, "lang")[:20],
    }


def _meta(tree: LexborHTMLParser, name: str) -> str:
    return in_one_line(_attribute(tree.css_first(f'meta[name="{name}" i]'), "content"))[:1000]


def _attribute(node: LexborNode | None, name: str) -> str:
    value = node.attributes.get(name) if node else None
    return (value or "").strip()[:LONGEST_ADDRESS]


def _links(tree: LexborHTMLParser) -> list[str]:
    """As they are written, each once."""
    found: dict[str, None] = {}
    for node in tree.css("a[href]"):
        address = (node.attributes.get("href") or "").strip()
        is_followed = "nofollow" not in (node.attributes.get("rel") or "")
        if is_followed and 0 < len(address) <= LONGEST_ADDRESS:
            found[address] = None
        if len(found) == MOST_LINKS:
            break
    return list(found)


class _Walk:
    """Gathers the text between the borders of blocks."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self._top = tree.css_first("main") or tree.css_first("[role=main]") or tree.body
        self._pieces: list[str] = []
        self._cells: list[str] = []
        self._row: int | None = None  # of a table, around this place
        self._is_entry = False
        self._inside = Counter({"main": 1} if self._top and self._top.tag != "body" else {})

    def blocks(self) -> Iterator[Block]:
        stack = [(self._top, False)] if self._top else []
        while stack:
            node, is_end = stack.pop()
            tag = str(node.tag)
            if is_end:
                yield from self._leave(node, tag)
            elif tag == "-text":
                self._hear(node.text_content or "")
            elif tag == "br":
                self._pieces.append("\n")
            elif not tag.startswith("-") and not self._is_silent(node, tag):
                yield from self._enter(node, tag)
                stack.append((node, True))
                stack += [(child, False) for child in reversed(_children(node))]

    def _hear(self, text: str) -> None:
        self._pieces.append(text if self._inside["pre"] else _SPACE.sub(" ", text))

    def _is_silent(self, node: LexborNode, tag: str) -> bool:
        if tag in SILENT or (tag in {"header", "footer"} and not self._is_in_main()):
            return not (tag == "button" and self._is_in_heading())
        if tag in MAIN or tag == "body":
            return False
        attributes = node.attributes
        role = attributes.get("role") or ""
        is_hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true"
        if is_hidden and role not in PANELS and "aria-labelledby" not in attributes:
            return True
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        return (
            role in SILENT_ROLES
            or bool(_UNSEEN.search(attributes.get("style") or ""))
            or bool(_BANNER.search(names[:1000]))
        )

    def _is_in_main(self) -> bool:
        return bool(self._inside["main"] or self._inside["article"])

    def _is_in_heading(self) -> bool:
        """Answers that fold away have their question on a button."""
        return any(self._inside[tag] for tag in HEADINGS)

    def _enter(self, node: LexborNode, tag: str) -> Iterator[Block]:
        self._inside[tag] += 1
        if tag in BLOCKS or tag in HEADINGS or tag in QUESTIONS:
            yield from self._finish()
        if tag == "li":
            self._is_entry = True
        elif tag == "tr" and self._row is None and not _is_layout(node):
            self._row = node.mem_id

    def _leave(self, node: LexborNode, tag: str) -> Iterator[Block]:
        self._inside[tag] -= 1
        if tag in HEADINGS or tag in QUESTIONS:
            yield from self._finish(level=HEADINGS.get(tag, QUESTION))
        elif self._row and tag in {"td", "th"} and node.parent and node.parent.mem_id == self._row:
            self._cells.append(self._taken().replace("\n", " "))
        elif self._row and node.mem_id == self._row:
            yield from self._finish_row()
        elif tag in BLOCKS:
            yield from self._finish()
        if tag in ANSWERED:
            yield Block("", QUESTION)

    def _finish(self, level: int = 0) -> Iterator[Block]:
        """What was heard up to here; inside of a cell it goes on."""
        if self._row:
            self._pieces.append(" ")
        elif text := self._taken():
            is_entry, self._is_entry = self._is_entry and not level, False
            text = in_one_line(text) if level or is_entry else text
            yield Block(ENTRY + text if is_entry else text, level)

    def _finish_row(self) -> Iterator[Block]:
        cells, self._cells, self._row = self._cells, [], None
        if len(cells) > 1 and any(cells):
            yield Block(row_of(cells))
        elif cells and cells[0]:
            yield Block(cells[0])

    def _taken(self) -> str:
        text = cleaned("".join(self._pieces))
        self._pieces.clear()
        return text


def _children(node: LexborNode) -> list[LexborNode]:
    found, child = [], node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _is_layout(row: LexborNode) -> bool:
    """A table around other tables only says where things stand on the page."""
    return row.css_first("table") is not None
