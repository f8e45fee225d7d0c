"""What can go wrong with a model, as callers see it and as staff read it.

No sentence holds what a provider wrote: some repeat the key, or the customer's text.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.failures import RemoteError
from integrations.models import ModelProfile
from integrations.models.llm_call import State
from integrations.models.model_profile import Use
from tenants.models.budget import OnExceed


class ModelError(RemoteError):
    """A call of a model that gave no result; `str()` is a sentence that names the next step.

    `is_worth_another_try` at the same model after a pause, `is_worth_a_replacement` by the model
    that was named for it. `outcome_unknown`: the model may have worked, so it may cost.
    """

    is_worth_another_try = False
    is_worth_a_replacement = False
    state = State.FAILED

    def __init__(self, **details: Any) -> None:
        super().__init__(**details)
        self.words: dict[str, Any] = {}

    def of(self, profile: ModelProfile) -> "ModelError":
        """The same error, naming provider and model."""
        self.words = {
            "provider": profile.provider.name,
            "model": profile.model,
            "credential": profile.provider.credential_ref,
        }
        return self

    def __str__(self) -> str:
        words = {"provider": "?", "model": "?", "credential": "?", **self.words}
        return str(self.sentence) % {"status": self.status, **words}


class NoProviderError(ModelError):
    sentence = _(
        "No model is set up for this: %(use)s. Add a provider under “Model providers” and name the"
        " model under “Model profiles”."
    )
    permanent = True

    def __init__(self, use: str) -> None:
        super().__init__()
        self.use = use
        self.words = {"use": Use(use).label}


class BudgetStoppedError(ModelError):
    """The budget refused the call. `reaction` is what happens instead: offline, person or stop."""

    sentence = _("The budget does not allow this call. Raise it under “Budgets”. %(reason)s")
    permanent = True
    state = State.BUDGET

    def __init__(self, reaction: OnExceed, reason: str) -> None:
        super().__init__()
        self.reaction = reaction
        self.words = {"reason": reason}


class KeyMissingError(ModelError):
    sentence = _("The key of “%(provider)s” cannot be had. %(reason)s")
    permanent = True
    is_worth_a_replacement = True

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def of(self, profile: ModelProfile) -> "ModelError":
        super().of(profile)
        self.words["reason"] = self.reason
        return self


class KeyRefusedError(ModelError):
    sentence = _(
        "“%(provider)s” refused the key (status %(status)s). Correct “%(credential)s” under"
        " Credentials, or allow it the model “%(model)s” there."
    )
    permanent = True
    is_worth_a_replacement = True


class UnknownModelError(ModelError):
    sentence = _(
        "“%(provider)s” does not know the model “%(model)s”, or its address is wrong (status"
        " %(status)s). Correct the one under “Model profiles”, the other under “Model providers”."
    )
    permanent = True
    is_worth_a_replacement = True


class NoCreditError(ModelError):
    sentence = _(
        "The account at “%(provider)s” has no credit left (status %(status)s). Add credit there."
    )
    permanent = True
    is_worth_a_replacement = True


class TooManyRequestsError(ModelError):
    sentence = _(
        "“%(provider)s” asks for fewer calls (status %(status)s). Try again later, or raise the"
        " limits of the account there."
    )
    is_worth_another_try = True
    is_worth_a_replacement = True


class ProviderFailedError(ModelError):
    sentence = _("“%(provider)s” failed (status %(status)s). Try again later.")
    is_unwell = True
    is_worth_another_try = True
    is_worth_a_replacement = True


class NoAnswerFromModelError(ModelError):
    """Not reached, too slow, or broken off."""

    sentence = _(
        "“%(provider)s” gave no usable answer in time. Check its address under “Model providers”"
        " and whether it is running."
    )
    is_unwell = True
    is_worth_another_try = True
    is_worth_a_replacement = True


class TooSlowError(NoAnswerFromModelError):
    state = State.TIMED_OUT


class OutOfTimeError(TooSlowError):
    """There was no time left to ask, which is not the provider's fault."""

    is_unwell = False


class UnusableAnswerError(ModelError):
    sentence = _(
        "“%(provider)s” answered something that is no answer of a model. Check its address under"
        " “Model providers”."
    )
    is_unwell = True
    is_worth_another_try = True
    is_worth_a_replacement = True


class AddressClosedError(ModelError):
    sentence = _(
        "The address of “%(provider)s” may not be called. Use a public https address, or ask the"
        " operator to open its network with OUTBOUND_ALLOW_CIDRS."
    )
    permanent = True
    is_worth_a_replacement = True


class LeftAloneError(ModelError):
    sentence = _(
        "“%(provider)s” failed several times and is left alone for a while. Try again later."
    )
    is_worth_a_replacement = True
    state = State.HELD_BACK


class RequestRefusedError(ModelError):
    sentence = _(
        "“%(provider)s” refused the request (status %(status)s). Check the values of the profile of"
        " “%(model)s” under “Model profiles”."
    )
    permanent = True


class TextTooLongError(RequestRefusedError):
    sentence = _("The text is too long for “%(model)s”. Name a model that reads more, or ask less.")


class ContentRefusedError(RequestRefusedError):
    sentence = _("“%(provider)s” does not answer this, by its rules about content.")


class WrongShapeError(ModelError):
    """The answer does not have the shape that was asked for, also after it was told so."""

    sentence = _(
        "“%(model)s” did not answer in the shape that was asked for. Try again, or name a more"
        " capable model under “Model profiles”."
    )


class UnfitAudioError(ModelError):
    sentence = _("The recording is empty or too large to be transcribed. Send a shorter one.")
    permanent = True
