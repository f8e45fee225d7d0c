"""What each channel takes, and how an answer becomes the bubbles that are sent there."""

from collections.abc import Mapping
from dataclasses import dataclass

from crews.texts.markdown import Shows, flattened
from crews.texts.splitting import parted
from crews.texts.visible import visible
from integrations.chatwoot.client import without_liquid
from integrations.chatwoot.reading import LONGEST_TEXT

CHAT = Shows()
MESSENGER = Shows(has_links=True)
PAGE = Shows(has_links=True, has_blocks=True)


@dataclass(frozen=True, slots=True)
class Channel:
    """`longest` counts characters, or bytes where `in_bytes`. What costs by the message, or is
    read as a whole, is not split for looks."""

    longest: int
    shows: Shows = CHAT
    is_split: bool = True
    shows_typing: bool = False
    in_bytes: bool = False

    def size(self, text: str) -> int:
        return len(text.encode()) if self.in_bytes else len(text)


# By Chatwoot's names. An inbox of Facebook may be one of Instagram, with the limit of that.
CHANNELS: Mapping[str, Channel] = {
    "Channel::WebWidget": Channel(10_000, PAGE, shows_typing=True),
    "Channel::Api": Channel(10_000, shows_typing=True),
    "Channel::Email": Channel(LONGEST_TEXT, PAGE, is_split=False),
    "Channel::Whatsapp": Channel(4_096),
    "Channel::Telegram": Channel(4_096, MESSENGER),
    "Channel::Instagram": Channel(1_000, in_bytes=True),
    "Channel::FacebookPage": Channel(1_000, in_bytes=True),
    "Channel::Tiktok": Channel(950),
    "Channel::Line": Channel(2_000),
    "Channel::TwilioSms": Channel(1_600, is_split=False),
    "Channel::Sms": Channel(1_600, is_split=False),
    "Channel::TwitterProfile": Channel(280, is_split=False),
}
OTHER = Channel(950)


def shows_typing(channel_kind: str) -> bool:
    return _channel(channel_kind).shows_typing


def bubbles(text: str, channel_kind: str, *, most: int) -> tuple[str, ...]:
    """The Markdown of an answer as messages for this channel, none of its words lost.

    More than `most` only where the channel takes no longer ones; none for a text without any.
    """
    channel = _channel(channel_kind)
    flat = without_liquid(flattened(visible(text), channel.shows))
    return parted(
        flat,
        most=most if channel.is_split else 1,
        longest=channel.longest,
        size=channel.size,
    )


def _channel(kind: str) -> Channel:
    return CHANNELS.get(kind, OTHER)
