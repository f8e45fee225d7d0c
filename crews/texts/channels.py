"""Channels."""


def bubbles(text: str, channel_kind: str, *, most: int) -> tuple[str, ...]:
    return tuple(p for p in text.split("\n\n") if p.strip())


def shows_typing(channel_kind: str) -> bool:
    return channel_kind in ("Channel::WebWidget", "Channel::Api")
