"""Say whom a company asks for answers of language models, and which models."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.models import ModelProfile, Provider
from integrations.models.model_profile import Use
from integrations.models.provider import OPENAI_ADDRESS, Kind
from tenants import credentials
from tenants.credentials import CredentialError
from tenants.management.lookup import tenant_named
from tenants.models import Tenant
from tenants.models.credential import Kind as CredentialKind

# The provider and the credential that this command makes and, run again, changes.
NAME = "model_provider"
REFERENCE = "model_provider"


class Command(BaseCommand):
    help = (
        "Set the model provider of a company; run again, it changes it. Without --fallback-model"
        " there is none. A profile for search stays until --embedding-model names another."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", metavar="SLUG")
        parser.add_argument("--base-url", required=True, metavar="U", help=OPENAI_ADDRESS)
        key = parser.add_mutually_exclusive_group()
        key.add_argument(
            "--api-key", metavar="K", help="others on this machine can read it; see the next one"
        )
        key.add_argument(
            "--api-key-stdin", action="store_true", help="read the key from standard input"
        )
        parser.add_argument("--model", required=True, metavar="M")
        parser.add_argument("--fallback-model", metavar="M", help="asked when the first one fails")
        parser.add_argument("--embedding-model", metavar="M", help="makes vectors for the search")
        parser.add_argument("--dimension", type=int, metavar="N", help="of these vectors")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_named(options["tenant"])
        if options["dimension"] is not None and not options["embedding_model"]:
            raise CommandError(_("--dimension is of --embedding-model; name that model too."))
        key = sys.stdin.readline().strip() if options["api_key_stdin"] else options["api_key"]
        try:
            with transaction.atomic():
                result = _set_up(tenant, key or "", options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except CredentialError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(result) if options["json"] else _in_words(tenant, result))


def _set_up(tenant: Tenant, key: str, options: dict[str, Any]) -> dict[str, Any]:
    provider = _provider(tenant, options["base_url"], key)
    fallback = _spare(provider, options["fallback_model"])
    answers = _profile(provider, Use.ANSWERS, model=options["model"], fallback=fallback)
    if options["embedding_model"]:
        _profile(
            provider,
            Use.EMBEDDINGS,
            model=options["embedding_model"],
            dimension=options["dimension"],
        )
    _drop_unused_spares(provider, kept=fallback)
    search = ModelProfile.objects.for_tenant(tenant).filter(use=Use.EMBEDDINGS, agent="").first()
    return {
        "tenant": tenant.slug,
        "provider": provider.name,
        "base_url": provider.address,
        "credential": provider.credential_ref or None,
        "model": answers.model,
        "fallback_model": fallback.model if fallback else None,
        "embedding_model": search.model if search else None,
        "dimension": search.dimension if search else None,
    }


def _provider(tenant: Tenant, base_url: str, key: str) -> Provider:
    rows = Provider.objects.for_tenant(tenant).filter(name=NAME)
    provider: Provider = rows.first() or Provider(tenant=tenant, name=NAME)
    is_openai = base_url.rstrip("/") == OPENAI_ADDRESS
    provider.kind = Kind.OPENAI if is_openai else Kind.COMPATIBLE
    provider.base_url = "" if is_openai else base_url
    provider.is_active = True
    provider.credential_ref = REFERENCE if key else ""
    if key:
        kind = CredentialKind.OPENAI if is_openai else CredentialKind.MODEL_PROVIDER
        credentials.store(tenant, REFERENCE, key, kind=kind)
    _save(provider)
    return provider


def _profile(provider: Provider, use: Use, **values: Any) -> ModelProfile:
    rows = ModelProfile.objects.for_tenant(provider.tenant).filter(use=use, agent="")
    profile: ModelProfile = rows.first() or ModelProfile(tenant=provider.tenant, use=use)
    for name, value in {"provider": provider, **values}.items():
        setattr(profile, name, value)
    _save(profile)
    return profile


def _spare(provider: Provider, model: str | None) -> ModelProfile | None:
    if not model:
        return None
    rows = ModelProfile.objects.for_tenant(provider.tenant)
    values = {"use": Use.SPARE, "agent": "", "provider": provider, "model": model}
    spare: ModelProfile = rows.filter(**values).first() or ModelProfile(
        tenant=provider.tenant, **values
    )
    _save(spare)
    return spare


def _drop_unused_spares(provider: Provider, *, kept: ModelProfile | None) -> None:
    """What an earlier run made in place of another model, and nothing points to any more."""
    rows = ModelProfile.objects.for_tenant(provider.tenant)
    named = rows.exclude(fallback=None).values("fallback")
    cheaper = rows.exclude(cheaper=None).values("cheaper")
    spares = rows.filter(use=Use.SPARE, provider=provider).exclude(pk__in=named)
    spares.exclude(pk__in=cheaper).exclude(pk=kept.pk if kept else None).delete()


def _save(row: Provider | ModelProfile) -> None:
    row.full_clean()
    row.save()


def _in_words(tenant: Tenant, result: dict[str, Any]) -> str:
    sentence = _("%(company)s asks %(model)s at %(address)s.")
    words = {"company": tenant.slug, "model": result["model"], "address": result["base_url"]}
    return sentence % words
