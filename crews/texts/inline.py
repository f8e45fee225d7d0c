"""Marks within a line: links, images and tags, as chats show them."""

import re
from collections.abc import Mapping

TAGS = (
    "abbr|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|figcaption|figure|font"
    "|footer|h[1-6]|header|hr|i|ins|kbd|li|main|mark|ol|p|pre|q|s|section|small|span|strike|strong"
    "|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul"
)
INSTEAD: Mapping[str, str] = {
    "<br": "\n",
    "<li": "\n- ",
    "</li": "\n",
    "</p": "\n\n",
    "</div": "\n",
    "</tr": "\n",
    "</td": " ",
    "</th": " ",
    "</ul": "\n",
    "</ol": "\n",
    "</dt": " ",
    "</dd": "\n",
    "</blockquote": "\n",
    "</section": "\n",
    "<hr": "\n\n",
    **{f"</h{level}": "\n\n" for level in range(1, 7)},
}


def _up_to(most: int, marks: str) -> str:
    return f"{marks}{{0,{most}}}"


LABEL = _up_to(1_000, r"[^\[\]\n]")
PART = _up_to(2_000, r"[^\s()<>]")
ADDRESS = rf"(?:<[^<>\s]{{1,2000}}>|{PART}(?:\({PART}\){PART}){{0,5}})"
TITLE = r"""(?:\ {1,9}(?:"[^"\n]{0,500}"|'[^'\n]{0,500}'))?\ {0,9}"""
REST = _up_to(2_000, "[^<>]")
IS = r"""\s{0,9}=\s{0,9}["']?"""
VALUE = r"""[^"'\s<>]{1,2000}"""
SCHEME = r"(?:https?://|mailto:|tel:)"

# Every count is bounded, so that no text takes longer than its length allows.
MARK = re.compile(
    rf"""
    (?P<code>(?<!`)(?P<tick>`{{1,2}})(?!`)[^`\n]{{1,2000}}(?P=tick)(?!`))
    | (?<!\\)!\[(?P<alt>{LABEL})\]\((?P<image>{ADDRESS}){TITLE}\)
    | (?<!\\)\[(?P<label>{LABEL})\]\((?P<link>{ADDRESS}){TITLE}\)
    | <(?P<bare>{SCHEME}[^\s<>]{{1,2000}}|[^\s<>@]{{1,99}}@[^\s<>@]{{1,99}})>
    | <a\s{REST}?href{IS}(?P<href>{VALUE}){REST}>(?P<text>[^<>]{{0,1000}})</a\s{{0,9}}>
    | <img\s{REST}?src{IS}(?P<src>{VALUE}){REST}>
    | (?<!\\)(?P<tag></?(?:{TAGS}))(?:\s{REST})?/?>
    | (?<!\\)(?P<other><)(?=[a-z/!?])
    """,
    re.VERBOSE | re.IGNORECASE,
)


def with_plain_marks(text: str, *, has_links: bool) -> str:
    """Links as text with the address behind it, unless they are shown; images as their address.

    What looks like a tag and is none, such as <your name>, would be left out by Chatwoot.
    """
    return MARK.sub(lambda found: _plain(found, has_links=has_links), text)


def _plain(found: re.Match[str], *, has_links: bool) -> str:
    match found.lastgroup:
        case "image":
            return _linked(found["alt"], found["image"], has_links=has_links)
        case "link":
            return _linked(found["label"], found["link"], has_links=has_links, whole=found[0])
        case "text":
            return _linked(found["text"], found["href"], has_links=has_links)
        case "bare" | "src":
            return _spoken(found[found.lastgroup])
        case "tag":
            return INSTEAD.get(found["tag"].lower(), "")
        case "other":
            return "\\<"
        case _:
            return found[0]


def _linked(label: str, address: str, *, has_links: bool, whole: str = "") -> str:
    """`whole` is how a link is written already."""
    label, address = " ".join(label.split()), address.strip("<>")
    if not address or not label or _is_same(label, address):
        return _spoken(address) or label
    if has_links:
        return whole or f"[{label}]({address})"
    return f"{label} ({_spoken(address)})"


def _spoken(address: str) -> str:
    """As people write it: nobody reads "mailto:" aloud."""
    return re.sub(r"^(?:mailto|tel):", "", address, flags=re.IGNORECASE)


def _is_same(label: str, address: str) -> bool:
    return _bare(label) == _bare(address)


def _bare(address: str) -> str:
    return re.sub(rf"^{SCHEME}?(?:www\.)?", "", address.casefold()).rstrip("/")
