"""What the audit log hears about: saves, deletions, changed many-to-many rows and logins."""

from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import models
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants import audit, configuration
from tenants.audit import Action
from tenants.models import AuditEntry, Configuration, Tenant, User
from tenants.people import sign_in
from tenants.scoping import ForeignTenantError, TenantModel


@receiver(pre_save, dispatch_uid="audit_before_save")
def remember_old_values(
    sender: type[models.Model], instance: Any, raw: bool, **_options: Any
) -> None:
    if raw or not audit.is_watched(sender):
        return
    old = sender._base_manager.filter(pk=instance.pk).first() if instance.pk else None
    instance._audit_before = audit.snapshot(old) if old else None


@receiver(post_save, dispatch_uid="audit_after_save")
def record_save(sender: type[models.Model], instance: Any, raw: bool, **_options: Any) -> None:
    if raw or not audit.is_watched(sender):
        return
    before = instance.__dict__.pop("_audit_before", None)
    if before is None:
        changes = audit.difference({}, audit.snapshot(instance))
        audit.record(Action.CREATED, instance, changes=changes)
    else:
        audit.record_change(instance, before)


@receiver(post_delete, dispatch_uid="audit_after_delete")
def record_deletion(
    sender: type[models.Model], instance: Any, origin: Any = None, **_options: Any
) -> None:
    if not audit.is_watched(sender):
        return
    token = _company_is_leaving.set(isinstance(origin, Tenant) or _are_companies(origin))
    try:
        changes = audit.difference(audit.snapshot(instance), {})
        audit.record(Action.DELETED, instance, changes=changes)
    finally:
        _company_is_leaving.reset(token)


def _are_companies(origin: Any) -> bool:
    return isinstance(origin, models.QuerySet) and origin.model is Tenant


@receiver(m2m_changed, dispatch_uid="audit_many_to_many")
def record_links(
    sender: Any, instance: Any, action: str, model: Any, pk_set: set[Any] | None, **_options: Any
) -> None:
    if action == "pre_add" and isinstance(instance, TenantModel):
        refuse_foreign_links(instance, model, pk_set or set())
    if action.startswith("post_") and audit.is_watched(type(instance)):
        changes = {sender._meta.model_name: [action.removeprefix("post_"), sorted(pk_set or ())]}
        audit.record(Action.CHANGED, instance, changes=changes)


def refuse_foreign_links(row: TenantModel, model: type[models.Model], pks: set[Any]) -> None:
    if not issubclass(model, TenantModel):
        return
    if model._base_manager.filter(pk__in=pks).exclude(tenant_id=row.tenant_id).exists():
        raise ForeignTenantError(_("This entry does not exist."))


# What goes with a company that is deleted is no change of its configuration.
_company_is_leaving: ContextVar[bool] = ContextVar("chatwootai_company_is_leaving", default=False)

# What changes when one of these is written down is configuration of the company, or of a domain.
OF_COMPANIES = frozenset(
    {
        "tenants.tenant",
        "tenants.configuration",
        "tenants.fieldmapping",
        "tenants.openinghours",
        "tenants.holiday",
        "tenants.channelmapping",
        # What processes keep of a connection and its secrets goes with the same number.
        "tenants.credential",
        "integrations.connection",
    }
)
OF_DOMAINS = frozenset(
    {
        "tenants.domain",
        "tenants.domainparent",
        "tenants.domainfieldmapping",
        "tenants.domainopeninghours",
        "tenants.domainholiday",
    }
)


@receiver(post_save, sender=Tenant, dispatch_uid="configuration_of_new_tenant")
def give_configuration(instance: Tenant, created: bool, raw: bool, **_options: Any) -> None:
    if created and not raw:
        Configuration.objects.create(tenant=instance)


@receiver(post_save, sender=AuditEntry, dispatch_uid="configuration_changed")
def note_changed_configuration(instance: AuditEntry, **_options: Any) -> None:
    """The audit log hears of every change, bulk statements too, hence it is the place to listen."""
    if _company_is_leaving.get():
        return
    if instance.object_type in OF_COMPANIES and instance.tenant_id is not None:
        configuration.note_change(tenant_id=instance.tenant_id)
    elif instance.object_type in OF_DOMAINS:
        configuration.note_change(tenant_id=None)


@receiver(user_logged_in, dispatch_uid="audit_signed_in")
def record_sign_in(user: User, **_options: Any) -> None:
    audit.record(Action.SIGNED_IN, user, user=user)


@receiver(user_logged_out, dispatch_uid="audit_signed_out")
def record_sign_out(user: User | None, **_options: Any) -> None:
    if user is not None:
        audit.record(Action.SIGNED_OUT, user, user=user)


@receiver(user_login_failed, dispatch_uid="audit_sign_in_failed")
def record_failed_sign_in(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_options: Any
) -> None:
    """Tries during a lock-out are not written down: a machine could fill the log with them."""
    if request is not None:
        sign_in.note_failure(request)
    if not getattr(request, "axes_locked_out", False):
        audit.record(Action.SIGN_IN_FAILED, label=str(credentials.get("username", ""))[:200])


@receiver(user_locked_out, dispatch_uid="audit_locked_out")
def record_lock_out(request: HttpRequest, username: str | None, **_options: Any) -> None:
    """Once per lock-out, however often a machine knocks at the closed door."""
    label = (username or "")[:200]
    since = timezone.now() - timedelta(hours=settings.AXES_COOLOFF_TIME)
    known = AuditEntry.objects.filter(action=Action.LOCKED_OUT, object_label=label)
    if not known.filter(created_at__gt=since).exists():
        audit.record(Action.LOCKED_OUT, label=label)
