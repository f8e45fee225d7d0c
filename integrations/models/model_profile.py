"""Which model does which work for a company, what may replace it, and what it costs there."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.provider import Provider
from tenants.budgets.money import MoneyField
from tenants.scoping import TenantModel, TenantQuerySet

DEFAULT_MODEL = "gpt-4o-mini"
LONGEST_MODEL = 120
LONGEST_AGENT = 80


class Use(models.TextChoices):
    ANSWERS = "answers", _("answers")
    SMALL = "small", _("small decisions")
    GENERATION = "generation", _("writing texts")
    EMBEDDINGS = "embeddings", _("search (embeddings)")
    TRANSCRIPTION = "transcription", _("transcription of audio")
    SPARE = "spare", _("only in place of another")


# A model of the language cannot do these, so they have no default.
SPECIAL_USES = frozenset({Use.EMBEDDINGS, Use.TRANSCRIPTION})
REPLACEMENTS = ("fallback", "cheaper")


class ModelProfileQuerySet(TenantQuerySet):
    def fitting(self, *, use: str, agent: str) -> Self:
        """The rows that may serve this use, the most specific one first."""
        wanted = models.Q(use=use, agent__in={agent, ""})
        if use not in SPECIAL_USES:
            wanted |= models.Q(use=Use.ANSWERS, agent="")
        is_meant = models.Case(models.When(use=use, then=0), default=1)
        return self.filter(wanted, provider__is_active=True).order_by(is_meant, "-agent")


class ModelProfile(TenantModel):
    use = models.CharField(_("use"), max_length=14, choices=Use, default=Use.ANSWERS)
    agent = models.CharField(
        _("agent"), max_length=LONGEST_AGENT, blank=True, help_text=_("Empty: all agents.")
    )
    provider = models.ForeignKey(
        Provider, models.CASCADE, related_name="profiles", verbose_name=_("provider")
    )
    model = models.CharField(
        _("model"),
        max_length=LONGEST_MODEL,
        default=DEFAULT_MODEL,
        help_text=_("As the provider names it. For Azure the name of the deployment."),
    )
    fallback = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("if it fails"),
        help_text=_("Asked instead while this model cannot be reached."),
    )
    cheaper = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cheaper model"),
        help_text=_("Asked instead when a budget says so."),
    )
    max_tokens = models.PositiveIntegerField(
        _("longest answer (tokens)"),
        default=1_000,
        validators=[MinValueValidator(1), MaxValueValidator(200_000)],
    )
    temperature = models.DecimalField(
        _("temperature"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(2)],
        help_text=_("0 is the most sober, 2 the wildest. Empty: the provider's own."),
    )
    dimension = models.PositiveIntegerField(
        _("dimension"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(16_000)],
        help_text=_("For search only: how many numbers a vector has. Empty: the model's own."),
    )
    seconds = models.PositiveSmallIntegerField(
        _("patience (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text=_("The longest that one call waits for this model. Empty: as long as there is."),
    )
    price_in = MoneyField(
        _("own price: read"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("US dollars per million tokens. A server of your own: 0."),
    )
    price_cached = MoneyField(
        _("own price: read again"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    price_out = MoneyField(
        _("own price: written"), null=True, blank=True, validators=[MinValueValidator(0)]
    )

    objects: ClassVar[Any] = ModelProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("model profile")
        verbose_name_plural = _("model profiles")
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["tenant", "use", "agent"],
                condition=~models.Q(use="spare"),
                name="integrations_modelprofile_once_per_use",
                violation_error_message=_(
                    "There is already a profile for this use and agent. Change it."
                ),
            ),
            models.UniqueConstraint(
                fields=["tenant", "agent", "provider", "model"],
                condition=models.Q(use="spare"),
                name="integrations_modelprofile_one_spare",
                violation_error_message=_("There is already such a profile."),
            ),
            models.CheckConstraint(
                name="integrations_modelprofile_use_is_known",
                condition=models.Q(use__in=Use.values),
            ),
        ]

    def __str__(self) -> str:
        whose = f"{self.get_use_display()} ({self.agent})" if self.agent else self.get_use_display()
        return f"{whose}: {self.model}"

    def clean(self) -> None:
        super().clean()
        for name in REPLACEMENTS:
            if self in _chain(self, name):
                message = _("This leads back to the profile itself. Choose another one.")
                raise ValidationError({name: message})
        if (self.price_in is None) != (self.price_out is None):
            raise ValidationError({"price_in": _("Give both prices, read and written, or none.")})
        self._check_space()

    def _check_space(self) -> None:
        """Vectors of two models cannot be compared, so another model is no replacement."""
        if self.use != Use.EMBEDDINGS:
            return
        for name in REPLACEMENTS:
            other = getattr(self, name)
            if other is not None and not self.has_space_of(other):
                message = _("For search, model and dimension must be the same.")
                raise ValidationError({name: message})

    def has_space_of(self, other: "ModelProfile") -> bool:
        return (self.model, self.dimension) == (other.model, other.dimension)


def _chain(profile: ModelProfile, name: str) -> Iterator[ModelProfile]:
    """The profiles that follow; ends at the first one that was seen before."""
    seen: set[int] = set()
    following = getattr(profile, name)
    while following is not None and following.pk not in seen:
        seen.add(following.pk)
        yield following
        following = getattr(following, name)
