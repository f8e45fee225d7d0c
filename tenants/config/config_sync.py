"""Configuration sent by an ERP: merged into what the company says, its secrets taken out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants import configuration
from tenants.config import documents, layers, schema, transfer
from tenants.config.config_files import Source
from tenants.config.documents import Path
from tenants.config.layers import Document
from tenants.credentials import Secret
from tenants.models import Tenant
from tenants.models.credential import LONGEST_REF


@dataclass(slots=True)
class Taken:
    """A configuration without secrets, and the secrets by the reference that stands for them."""

    config: Document
    secrets: dict[str, Secret] = field(default_factory=dict)


def take_secrets(config: Mapping[str, Any]) -> Taken:
    """`password: x` becomes `password_ref: integrations.odoo.config.password`."""
    taken = Taken({})
    taken.config = _without_secrets(config, (), taken)
    return taken


def merge(tenant: Tenant, config: Mapping[str, Any], *, note: str) -> list[transfer.Remark]:
    """Key by key into what is there; what is not mentioned stays. Troubles change nothing."""
    with configuration.changing(note=note):
        configuration.hold(tenant.slug)
        merged = _merged(layers.document_of_tenant(tenant), config)
        text = documents.write(merged).encode()
        plan = transfer.plan([Source("config", lambda: text)], tenant=tenant)
        if not plan.troubles:
            transfer.carry_out(plan)
    return plan.troubles


def _merged(known: Any, sent: Any) -> Any:
    """Unlike layers, which are read: a null that was there stays, one that is sent removes."""
    if not isinstance(known, Mapping) or not isinstance(sent, Mapping):
        return sent
    merged = {**known, **{key: _merged(known.get(key), inner) for key, inner in sent.items()}}
    return {key: inner for key, inner in merged.items() if key not in sent or inner is not None}


def _without_secrets(value: Any, path: Path, taken: Taken) -> Any:
    if isinstance(value, list):
        return [_without_secrets(inner, (*path, n), taken) for n, inner in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    plain: Document = {}
    for key, inner in value.items():
        here = (*path, key)
        if schema.is_secret_in_clear(key, inner):
            ref = ".".join(str(step) for step in here)[:LONGEST_REF]
            taken.secrets[ref] = Secret(str(inner))
            plain[f"{key}_ref"] = ref
        else:
            plain[key] = _without_secrets(inner, here, taken)
    return plain
