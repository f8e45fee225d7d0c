"""The settings in effect for a company or for one of its inboxes, and the choice of them."""

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants import configuration
from tenants.admin.effective import name_of_layer
from tenants.config import documents
from tenants.config.layers import Layer
from tenants.config.options import OPTIONS, Option
from tenants.configuration import Effective
from tenants.management.lookup import add_account_arguments, channel_named, tenant_named
from tenants.models import ChannelMapping, Configuration, Tenant
from tenants.showing import visible

NUMBER = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
WORDS = {"true": True, "false": False}


class Command(BaseCommand):
    help = (
        "Show the settings in effect and where each comes from. KEY=VALUE chooses one for the"
        " company, or with --inbox for that inbox alone; KEY= takes the choice back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Settings may also stand behind --inbox, which the usual way of reading does not allow.
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("settings", nargs="*", metavar="KEY=VALUE")
        parser.add_argument("--inbox", type=int, metavar="N", help="its number in Chatwoot")
        add_account_arguments(parser)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        channel = channel_named(tenant, options)
        chosen = _chosen(options["settings"])
        if chosen:
            _choose(tenant, channel, chosen)
        config = configuration.effective(tenant.pk, channel_id=channel.pk if channel else None)
        if options["json"]:
            self.stdout.write(json.dumps(_document(tenant, options["inbox"], config)))
            return
        for key in OPTIONS:
            self.stdout.write(_line(key, config))


def _chosen(words: Iterable[str]) -> dict[str, Any]:
    """What was given as KEY=VALUE; None takes a choice back. All mistakes are told at once."""
    chosen: dict[str, Any] = {}
    mistakes = []
    for word in words:
        key, sign, text = word.partition("=")
        option = OPTIONS.get(key)
        if option is None or not sign:
            mistakes.append(_unknown(key) if sign else _no_pair(word))
            continue
        chosen[key] = _value(option, text) if text else None
        complaint = _complaint(option, chosen[key]) if text else ""
        mistakes += [f"{key}: {complaint}"] if complaint else []
    if mistakes:
        raise CommandError("\n".join(mistakes))
    return chosen


def _unknown(key: str) -> str:
    message = _("There is no setting “%(key)s”. Known: %(known)s")
    return message % {"key": visible(key), "known": ", ".join(OPTIONS)}


def _no_pair(word: str) -> str:
    return _("“%(word)s” is no setting. Write KEY=VALUE.") % {"word": visible(word)}


def _value(option: Option, text: str) -> Any:
    """A text that is none of the right kind stays a text, and is complained about."""
    if option.kind is bool:
        return WORDS.get(text.lower(), text)
    if option.kind is int and NUMBER.match(text):
        return int(text)
    return text


def _complaint(option: Option, value: Any) -> str:
    try:
        documents.check(value)
    except documents.DocumentError as error:
        return error.message
    return option.complaint(value)


def _choose(tenant: Tenant, channel: ChannelMapping | None, chosen: Mapping[str, Any]) -> None:
    with configuration.changing():
        configuration.hold(tenant.slug)
        row: Any = (
            Configuration.objects.get(tenant=tenant)
            if channel is None
            else ChannelMapping.objects.get(pk=channel.pk)
        )
        kept = {key: value for key, value in row.settings.items() if key not in chosen}
        row.settings = kept | {key: value for key, value in chosen.items() if value is not None}
        row.save()


def _document(tenant: Tenant, inbox: int | None, config: Effective) -> dict[str, Any]:
    return {
        "tenant": tenant.slug,
        "inbox": inbox,
        "settings": {key: config.setting(key) for key in OPTIONS},
        "sources": {key: _source(key, config).kind for key in OPTIONS},
    }


def _source(key: str, config: Effective) -> Layer:
    """What a nearer layer hides by a null has the default of the table."""
    return config.sources.get(("settings", key)) or config.layers[0]


def _line(key: str, config: Effective) -> str:
    value = visible(json.dumps(config.setting(key), ensure_ascii=False))
    source = name_of_layer(_source(key, config), domains={})
    return f"{key:<27} {value:<26} {source}"
