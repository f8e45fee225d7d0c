"""What a company may spend on language models in a day, a month or a conversation."""

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, URLValidator, validate_email
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.budgets.money import MILLIONTH
from tenants.scoping import TenantModel, TenantQuerySet

MOST_ALERT_EMAILS = 20


class Period(models.TextChoices):
    DAY = "day", _("day")
    MONTH = "month", _("month")
    CONVERSATION = "conversation", _("conversation")


class OnExceed(models.TextChoices):
    """What happens to a call that no longer fits, from the mildest to the strictest."""

    CHEAPER = "cheaper", _("go on with the cheaper model")
    OFFLINE = "offline", _("answer from the knowledge base, without a model")
    PERSON = "person", _("hand over to a person")
    STOP = "stop", _("stop answering")

    @property
    def strictness(self) -> int:
        return list(OnExceed).index(self)


def check_emails(emails: Any) -> None:
    if not isinstance(emails, list) or len(emails) > MOST_ALERT_EMAILS:
        message = _("Write at most %(most)s e-mail addresses.")
        raise ValidationError(message, code="emails", params={"most": MOST_ALERT_EMAILS})
    for email in emails:
        validate_email(email)


class AddressWithSecretField(models.URLField):
    """Addresses of chat services let everybody post who knows them, so the log hides them."""

    is_secret = True
    default_validators = [URLValidator(schemes=["http", "https"])]

    def formfield(self, **options: Any) -> Any:
        return super().formfield(**{"assume_scheme": "https", **options})


class BudgetQuerySet(TenantQuerySet):
    def in_force(self, tenant: models.Model) -> Self:
        return self.for_tenant(tenant).filter(is_active=True)


class Budget(TenantModel):
    period = models.CharField(_("period"), max_length=12, choices=Period)
    token_limit = models.PositiveBigIntegerField(
        _("tokens"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1, _("Write at least 1, or leave it empty."))],
        help_text=_("Tokens of all calls together, read and written. Empty: any number."),
    )
    money_limit = models.DecimalField(
        _("money (USD)"),
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[
            MinValueValidator(MILLIONTH, _("Write an amount above zero, or leave it empty."))
        ],
        help_text=_("US dollars, as the providers bill. Empty: any amount."),
    )
    on_exceed = models.CharField(
        _("at the limit"), max_length=10, choices=OnExceed, default=OnExceed.PERSON
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("An inactive budget neither limits nor counts.")
    )
    alert_emails = models.JSONField(
        _("e-mails for alerts"),
        default=list,
        blank=True,
        validators=[check_emails],
        help_text=_("One per line. Empty: the owners of the company."),
    )
    alert_webhook_url = AddressWithSecretField(
        _("address for alerts"),
        max_length=500,
        blank=True,
        help_text=_("Each alert is also posted there as JSON, for example to a chat."),
    )

    objects: ClassVar[Any] = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "period"],
                name="tenants_budget_once_per_period",
                violation_error_message=_("There is already a budget for this period. Change it."),
            ),
            models.CheckConstraint(
                name="tenants_budget_has_a_limit",
                condition=models.Q(token_limit__isnull=False) | models.Q(money_limit__isnull=False),
                violation_error_message=_("Set a limit in tokens, in money, or both."),
            ),
            models.CheckConstraint(
                name="tenants_budget_limits_are_positive",
                condition=(models.Q(token_limit__isnull=True) | models.Q(token_limit__gt=0))
                & (models.Q(money_limit__isnull=True) | models.Q(money_limit__gt=0)),
                violation_error_message=_("A limit is above zero."),
            ),
            models.CheckConstraint(
                name="tenants_budget_period_is_known",
                condition=models.Q(period__in=Period.values),
            ),
            models.CheckConstraint(
                name="tenants_budget_on_exceed_is_known",
                condition=models.Q(on_exceed__in=OnExceed.values),
            ),
        ]

    def __str__(self) -> str:
        return str(_("Budget per %(period)s") % {"period": self.get_period_display()})

    def share(self, *, tokens: int, money: Decimal) -> Decimal:
        """The part of the tighter limit that these amounts take; above 1 is over it."""
        shares = [Decimal(0)]
        if self.token_limit:
            shares.append(Decimal(tokens) / self.token_limit)
        if self.money_limit:
            shares.append(money / self.money_limit)
        return max(shares)
