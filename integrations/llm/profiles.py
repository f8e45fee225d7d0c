"""Which models may serve a call: the profile that fits best, and what may stand in for it."""

from collections.abc import Iterator

from integrations.llm.failures import NoProviderError
from integrations.models import ModelProfile
from integrations.models.model_profile import Use
from tenants.models import Tenant

MOST_REPLACEMENTS = 3


def has_model(tenant: Tenant, *, use: str = Use.ANSWERS, agent: str = "") -> bool:
    """Whether anything is set up for this; without it, callers go on without a model."""
    rows = ModelProfile.objects.for_tenant(tenant).fitting(use=use, agent=agent)
    return bool(rows.exists())


def best_for(tenant: Tenant, *, use: str, agent: str) -> ModelProfile:
    rows = ModelProfile.objects.for_tenant(tenant).fitting(use=use, agent=agent)
    profile: ModelProfile | None = rows.select_related("provider").first()
    if profile is None:
        raise NoProviderError(use)
    return profile


def with_replacements(profile: ModelProfile) -> list[ModelProfile]:
    """The profile and those that are asked in turn while it fails."""
    return [profile, *_usable(profile)]


def cheaper_than(profile: ModelProfile) -> ModelProfile | None:
    cheaper = _named(profile, profile.cheaper_id)
    if cheaper is None or not cheaper.provider.is_active or not _can_stand_in(cheaper, profile):
        return None
    return cheaper


def _usable(profile: ModelProfile) -> Iterator[ModelProfile]:
    seen = {profile.pk}
    following = _named(profile, profile.fallback_id)
    while following is not None and following.pk not in seen and len(seen) <= MOST_REPLACEMENTS:
        seen.add(following.pk)
        if following.provider.is_active and _can_stand_in(following, profile):
            yield following
        following = _named(following, following.fallback_id)


def _named(profile: ModelProfile, pk: int | None) -> ModelProfile | None:
    """Most profiles name none, so this is not part of the first query."""
    if pk is None:
        return None
    rows = ModelProfile.objects.filter(pk=pk, tenant=profile.tenant_id)
    found: ModelProfile | None = rows.select_related("provider").first()
    return found


def _can_stand_in(other: ModelProfile, profile: ModelProfile) -> bool:
    """Vectors of different models must never meet in one index."""
    return profile.use != Use.EMBEDDINGS or profile.has_space_of(other)
