"""Texts as vectors for the search: in batches, and not twice for the same text."""

import base64
import hashlib
import time
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.cache import caches

from integrations.llm import estimates, gate, profiles, wire
from integrations.llm.answers import Tokens
from integrations.llm.calls import Purpose
from integrations.llm.failures import UnusableAnswerError
from integrations.llm.gate import Desk
from integrations.llm.personal_data import Cover
from integrations.llm.wire import Raw
from integrations.models import ModelProfile
from integrations.models.model_profile import Use
from tenants import configuration
from tenants.models import Tenant

Vector = list[float]

TEXTS_PER_BATCH = 128
TOKENS_PER_BATCH = 30_000
KEPT_SECONDS = 30 * 24 * 60 * 60
# Providers refuse empty texts.
NOTHING = " "


def embed(
    tenant: Tenant, texts: Sequence[str], *, turn: int | None = None, seconds: float = 60.0
) -> list[Vector]:
    """One vector per text, in the same order; ModelError when the model does not answer.

    `seconds` bounds all batches together. Vectors that came before a failure are kept, so that
    the next attempt does not pay for them again.
    """
    if not texts:
        return []
    until = time.monotonic() + seconds
    profile = profiles.best_for(tenant, use=Use.EMBEDDINGS, agent="")
    covered = _covered(tenant, texts)
    keys = {text: _key(tenant, profile, text) for text in covered}
    found = caches["embeddings"].get_many(keys.values())
    vectors = {text: _unpacked(found[key]) for text, key in keys.items() if key in found}
    for batch in _batches([text for text in keys if text not in vectors]):
        left = until - time.monotonic()
        fresh = _ask(tenant, profile, batch, turn=turn, seconds=left)
        packed = {text: _packed(vector) for text, vector in fresh.items()}
        stored = {keys[text]: value for text, value in packed.items()}
        caches["embeddings"].set_many(stored, KEPT_SECONDS)
        vectors |= {text: _unpacked(value) for text, value in packed.items()}
    return [vectors[text] for text in covered]


def _covered(tenant: Tenant, texts: Sequence[str]) -> list[str]:
    """Each text alone, so that it has the same placeholders every time."""
    is_wanted = configuration.effective(tenant.pk).setting("mask_personal_data")
    plain = [text if text.strip() else NOTHING for text in texts]
    return [Cover().text(text) for text in plain] if is_wanted else plain


def _key(tenant: Tenant, profile: ModelProfile, text: str) -> str:
    """Another provider may call another model by the same name."""
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    model = hashlib.sha256(profile.model.encode()).hexdigest()[:16]
    space = f"{profile.provider_id}:{model}:{profile.dimension or 0}"
    return f"embedding:{tenant.pk}:{space}:{digest}"


def _packed(vector: Sequence[float]) -> str:
    """A quarter of the size and, to a search, the same; a text, because the cache keeps JSON."""
    return base64.b64encode(array("f", vector).tobytes()).decode()


def _unpacked(stored: str) -> Vector:
    return array("f", base64.b64decode(stored)).tolist()


def _batches(texts: list[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    tokens = 0
    for text in texts:
        size = estimates.of_text(text)
        if batch and (len(batch) == TEXTS_PER_BATCH or tokens + size > TOKENS_PER_BATCH):
            yield batch
            batch, tokens = [], 0
        batch.append(text)
        tokens += size
    if batch:
        yield batch


def _ask(
    tenant: Tenant, profile: ModelProfile, texts: list[str], *, turn: int | None, seconds: float
) -> dict[str, tuple[float, ...]]:
    tokens = sum(estimates.of_text(text) for text in texts)
    purpose = Purpose(
        tenant=tenant, use=Use.EMBEDDINGS, turn=turn, tokens_in=tokens, has_answer=False
    )
    done = gate.run(
        purpose, lambda desk: _vectors(desk, texts, tokens), seconds=seconds, profile=profile
    )
    return dict(zip(texts, done.value.vectors, strict=True))


def _vectors(desk: Desk, texts: list[str], tokens: int) -> Raw:
    body: dict[str, Any] = {"model": desk.profile.model, "input": texts}
    if desk.profile.dimension:
        body["dimensions"] = desk.profile.dimension
    raw = desk.send(
        lambda client, left: wire.embeddings(client, body, seconds=left),
        lambda _raw: Tokens(read=tokens, is_estimated=True),
    )
    sizes = {len(vector) for vector in raw.vectors}
    if len(sizes) != 1 or 0 in sizes or sizes - {desk.profile.dimension or min(sizes)}:
        raise UnusableAnswerError
    return raw
