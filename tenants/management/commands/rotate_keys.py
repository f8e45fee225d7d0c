"""Change the master key, or the data keys, of everything that is encrypted."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from tenants.management.lookup import tenant_named
from tenants.models import Tenant
from tenants.vault import encryption, rotation, sealing
from tenants.vault.rotation import Outcome


class Command(BaseCommand):
    help = (
        "Protect all data keys with the first key of MASTER_KEYS; with --data-keys make new data"
        " keys and encrypt every secret again. May be run again after an interruption."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG")
        parser.add_argument("--data-keys", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"]) if options["tenant"] else None
        outcomes = [self._rewrap(tenant)]
        if options["data_keys"]:
            outcomes += [self._renew(owner) for owner in _owners(tenant)]
        for name in (name for outcome in outcomes for name in outcome.unreadable):
            self.stderr.write(name)
        if any(outcome.left or outcome.unreadable for outcome in outcomes):
            raise CommandError(
                _("Not everything could be changed. Keep the old keys, and run this again.")
            )
        self.stdout.write(self._closing_words(tenant))

    def _rewrap(self, tenant: Tenant | None) -> Outcome:
        outcome = rotation.rewrap(
            tenant, progress=lambda done: self._tell(_("Keys protected anew: %(done)s"), done=done)
        )
        words = {"left": outcome.left, "id": sealing.first_master_id()}
        self._tell(_("Keys not protected by master key “%(id)s” yet: %(left)s"), **words)
        return outcome

    def _renew(self, owner: Tenant | None) -> Outcome:
        name = owner.slug if owner else _("the installation")
        outcome = rotation.renew(
            owner,
            progress=lambda done: self._tell(
                _("%(name)s: secrets encrypted again: %(done)s"), name=name, done=done
            ),
        )
        message = _("%(name)s: secrets under an old data key: %(left)s")
        self._tell(message, name=name, left=outcome.left)
        return outcome

    def _closing_words(self, tenant: Tenant | None) -> str:
        others = encryption.keys_under_old_master()
        if tenant is not None and others:
            message = _("Done for %(company)s. Keys of others under an old master key: %(left)s")
            return message % {"company": tenant.slug, "left": others}
        return _("Done. Master keys after the first one are needed for older backups only.")

    def _tell(self, message: str, **words: Any) -> None:
        self.stdout.write(message % words)
        self.stdout.flush()


def _owners(tenant: Tenant | None) -> list[Tenant | None]:
    return [tenant] if tenant else [None, *Tenant.objects.order_by("pk")]
