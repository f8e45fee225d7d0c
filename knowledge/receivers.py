"""What knowledge does when rows change: passages follow in the same transaction."""

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from knowledge import passages, tasks
from knowledge.models import PIECES, Piece
from tenants.models import Tenant


def connect() -> None:
    for model in PIECES.values():
        name = model._meta.model_name
        post_save.connect(renew_passages, sender=model, dispatch_uid=f"passages_of_{name}")
        post_delete.connect(
            take_out_passages, sender=model, dispatch_uid=f"passages_without_{name}"
        )


def renew_passages(instance: Piece, raw: bool = False, **_options: Any) -> None:
    if not raw and passages.renew(instance.tenant, [instance]):
        tasks.sync_index.delay(tenant_id=instance.tenant_id)


def take_out_passages(instance: Piece, origin: Any = None, **_options: Any) -> None:
    """Unless the whole company goes, and its passages with it."""
    if isinstance(origin, Tenant) or getattr(origin, "model", None) is Tenant:
        return
    if passages.take_out(instance.tenant, instance.kind, [instance.pk]):
        tasks.sync_index.delay(tenant_id=instance.tenant_id)


@receiver(post_delete, sender=Tenant, dispatch_uid="index_without_company")
def take_out_company(instance: Tenant, **_options: Any) -> None:
    tasks.forget_company.delay(tenant_id=instance.pk)
