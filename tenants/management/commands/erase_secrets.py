"""Destroy the keys and credentials of a company, for ever."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.management.lookup import tenant_named
from tenants.vault import erasure


class Command(BaseCommand):
    help = (
        "Destroy the data keys and credentials of a company. What was encrypted with them can never"
        " be read again. With --lost: those of everybody that no master key opens any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG", nargs="?")
        parser.add_argument("--lost", action="store_true")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["tenant"]) == options["lost"]:
            raise CommandError(_("Name either a company or --lost."))
        if options["lost"]:
            self._erase_lost(is_sure=options["yes"])
        else:
            self._erase(options["tenant"], is_sure=options["yes"])

    def _erase(self, slug: str, *, is_sure: bool) -> None:
        tenant = tenant_named(slug)
        question = _("All secrets of %(company)s will be gone for ever.")
        _ask(question % {"company": tenant}, word=slug, is_sure=is_sure)
        count = erasure.erase(tenant)
        self.stdout.write(_("Erased: %(count)s credentials and all keys.") % {"count": count})

    def _erase_lost(self, *, is_sure: bool) -> None:
        keys = erasure.lost_keys()
        if not keys:
            self.stdout.write(_("The master keys open every key; nothing is lost."))
            return
        word = str(len(keys))
        question = _("%(count)s keys cannot be opened. They and their secrets will be gone.")
        _ask(question % {"count": word}, word=word, is_sure=is_sure)
        erasure.erase_lost(keys)
        self.stdout.write(_("Erased: %(count)s keys and their credentials.") % {"count": word})


def _ask(question: str, *, word: str, is_sure: bool) -> None:
    if is_sure:
        return
    try:
        answer = input(f"{question} {_('Type “%(word)s” to go on:') % {'word': word}} ")
    except EOFError:
        answer = ""
    if answer.strip() != word:
        raise CommandError(_("Nothing was erased."))
