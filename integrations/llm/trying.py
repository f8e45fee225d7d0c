"""Trying a key or a provider before anybody depends on it."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.llm import clients, wire
from integrations.llm.chat import complete
from integrations.llm.failures import ModelError
from integrations.models import ModelProfile, Provider
from integrations.models.model_profile import SPECIAL_USES
from integrations.models.provider import Kind
from tenants.budgets import budget_words
from tenants.credentials import Secret
from tenants.models import Tenant
from tenants.models.credential import CheckResult
from tenants.models.credential import Kind as CredentialKind

SECONDS = 20.0
PROBE = ({"role": "user", "content": "Answer with one word: ok"},)


def try_provider(provider: Provider) -> CheckResult:
    """Ask its model something short, or without a profile for its list of models; note how it went.

    The short question is a call like any other: it is counted and costs what it costs.
    """
    try:
        message, result = _sentence_about(provider), CheckResult.OK
    except ModelError as error:
        error.words.setdefault("provider", provider.name)
        message, result = str(error), CheckResult.FAILED
    Provider.objects.filter(pk=provider.pk).note(
        last_checked_at=timezone.now(), last_check=result, last_check_message=message
    )
    provider.last_check, provider.last_check_message = result, message
    return result


def try_key(tenant: Tenant | None, secret: Secret, credential: Any) -> str:
    """Whether the service takes a key, as a sentence; ModelError with one when it does not.

    Keys of OpenAI are shown to OpenAI; others to the provider that uses them.
    """
    provider = _provider_of(tenant, credential)
    client = clients.client_with(provider, secret.text)
    try:
        found = wire.models(client, seconds=SECONDS)
    except ModelError as error:
        raise error.of(_nameless(provider)) from None
    return _models_found(len(found))


def _sentence_about(provider: Provider) -> str:
    profile = _profile_to_try(provider)
    if profile is None:
        kept = clients.client_for(provider.tenant, provider)
        try:
            return _models_found(len(wire.models(kept.client, seconds=SECONDS)))
        except ModelError as error:
            raise error.of(_nameless(provider)) from None
    done = complete(
        provider.tenant,
        PROBE,
        use=profile.use,
        agent=profile.agent,
        seconds=SECONDS,
        profile=_alone(profile),
    )
    cost = _("unknown") if done.cost is None else budget_words.money(done.cost)
    sentence = _("“%(model)s” answers. The question took %(tokens)d tokens; cost: %(cost)s.")
    return sentence % {"model": done.model, "tokens": done.tokens.total, "cost": cost}


def _profile_to_try(provider: Provider) -> ModelProfile | None:
    profiles = ModelProfile.objects.for_tenant(provider.tenant).filter(provider=provider)
    found: ModelProfile | None = profiles.exclude(use__in=SPECIAL_USES).order_by("pk").first()
    return found


def _alone(profile: ModelProfile) -> ModelProfile:
    """Without those that would stand in for it: this very one is tried, and briefly."""
    profile.fallback = None
    profile.cheaper = None
    profile.max_tokens = min(profile.max_tokens, 16)
    return profile


def _provider_of(tenant: Tenant | None, credential: Any) -> Provider:
    rows = Provider.objects.for_tenant(tenant) if tenant else Provider.objects.none()
    found: Provider | None = rows.filter(credential_ref=credential.ref).order_by("pk").first()
    if found is not None:
        return found
    if credential.kind == CredentialKind.OPENAI:
        return Provider(name="OpenAI", kind=Kind.OPENAI, credential_ref=credential.ref)
    raise _UnusedKeyError


class _UnusedKeyError(ModelError):
    permanent = True

    def __str__(self) -> str:
        return _("No model provider uses this key yet. Name it there, then test the provider.")


def _nameless(provider: Provider) -> ModelProfile:
    """Errors name a model as well; here none was asked for."""
    return ModelProfile(provider=provider, model="–")


def _models_found(count: int) -> str:
    sentence = ngettext(
        "The key works: %(count)d model is offered.",
        "The key works: %(count)d models are offered.",
        count,
    )
    return sentence % {"count": count}
