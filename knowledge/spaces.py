"""Which collection the passages of a company lie in: one per model that makes the vectors."""

import hashlib
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from integrations import llm
from integrations.llm import profiles
from integrations.models.model_profile import Use
from knowledge.models import Space
from tenants.models import Tenant

LEXICAL = "words"
# Changes with everything that is baked into stored vectors: analysis, average lengths.
FORM = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    key: str
    dimension: int | None


def wanted_by(tenant: Tenant) -> Wanted:
    """May ask the model once, to see how many numbers its vectors have: a ModelError then."""
    if not profiles.has_model(tenant, use=Use.EMBEDDINGS):
        return Wanted(LEXICAL, None)
    profile = profiles.best_for(tenant, use=Use.EMBEDDINGS, agent="")
    server = hashlib.sha256(profile.provider.base_url.encode()).hexdigest()[:8]
    model = slugify(profile.model.replace("/", "-"))[:50]
    if profile.dimension:
        return Wanted(f"{model}-{profile.dimension}-{server}", profile.dimension)
    key = f"{model}-own-{server}"
    known = Space.objects.filter(key=key).values_list("dimension", flat=True).first()
    return Wanted(key, known or len(llm.embed(tenant, ["?"])[0]))


def found_or_made(wanted: Wanted) -> Space:
    space = Space.objects.filter(key=wanted.key).first()
    if space is not None:
        return space
    row = Space(
        key=wanted.key,
        dimension=wanted.dimension,
        collection=collection_name(wanted.key),
        switched_at=timezone.now(),
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return Space.objects.get(key=wanted.key)
    return row


def alias_of(space: Space) -> str:
    return f"knowledge_{space.key}"


def collection_name(key: str) -> str:
    """A new one each time; the alias says which one is searched."""
    return f"knowledge_{key}__{FORM}_{timezone.now():%Y%m%d%H%M%S%f}"
