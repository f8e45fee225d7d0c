"""What models add to a new company: a first step, and what is copied with it."""

from typing import Any

from django.utils.translation import gettext as _

from integrations.llm.trying import try_provider
from integrations.models import ModelProfile, Provider
from tenants.models import Tenant
from tenants.models.credential import CheckResult
from tenants.onboarding import Point, TestFailedError


def first_step(tenant: Tenant) -> Point:
    profiles = ModelProfile.objects.for_tenant(tenant).select_related("provider")
    usable = profiles.filter(provider__is_active=True).order_by("use", "agent", "pk")
    profile: Any = usable.first()

    def test() -> str:
        provider = profile.provider
        if try_provider(provider) != CheckResult.OK:
            raise TestFailedError(provider.last_check_message)
        return str(provider.last_check_message)

    return Point(
        key="models",
        title=_("Connect a model provider"),
        is_done=profile is not None,
        explanation=str(profile) if profile else _("No model answers for this company yet."),
        page="integrations_provider_changelist",
        test=test if profile else None,
    )


def copy_models(source: Tenant, target: Tenant) -> None:
    """Providers and profiles. Keys stay behind, so the references lead nowhere until stored.

    A server of the source's own would read what the target's customers write, and get its key:
    such a provider is not in use until somebody says so.
    """
    providers = {}
    for provider in Provider.objects.for_tenant(source).order_by("pk"):
        providers[provider.pk] = _saved_copy(
            provider, target, is_active=provider.is_active and not provider.base_url
        )
    profiles = {}
    rows = list(ModelProfile.objects.for_tenant(source).order_by("pk"))
    for row in rows:
        links = {"provider": providers[row.provider_id], "fallback": None, "cheaper": None}
        profiles[row.pk] = _saved_copy(row, target, **links)
    for row in rows:
        copy = profiles[row.pk]
        copy.fallback = profiles.get(row.fallback_id)
        copy.cheaper = profiles.get(row.cheaper_id)
        copy.save()


def _saved_copy(row: Provider | ModelProfile, target: Tenant, **changes: Any) -> Any:
    kept = row.audited_field_names() - {"tenant", *changes}
    copy = type(row)(tenant=target, **{name: getattr(row, name) for name in kept}, **changes)
    copy.save()
    return copy
