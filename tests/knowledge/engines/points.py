"""Points and questions for tests, in a line each."""

from uuid import NAMESPACE_URL, uuid5

from knowledge.engines.interface import CHARS, DENSE, WORDS, Leg, Point, Scope
from knowledge.texts.characters import character_ids
from knowledge.texts.token_ids import token_id
from knowledge.texts.vectors import document_vector
from knowledge.texts.words import stems, telling_words

MOVEIS = 1
COSMETICOS = 2


def point(number, text, tenant_id=MOVEIS, *, revision="r1", chunk=0, **details):
    words, chars = terms(text)
    details = {"kind": "faq", "language": "pt", **details}
    return Point(
        id=point_id(number, tenant_id, chunk),
        tenant_id=tenant_id,
        piece=f"faq:{number}",
        revision=revision,
        words=document_vector(words, 20),
        chars=document_vector(chars, 80),
        **details,
    )


def terms(text):
    telling = telling_words(text, "pt")
    return [token_id(stem) for stem in stems(telling, "pt")], character_ids(telling)


def point_id(number, tenant_id=MOVEIS, chunk=0):
    return str(uuid5(NAMESPACE_URL, f"{tenant_id}/{number}/{chunk}"))


def of(tenant_id, **narrower):
    return Scope(tenant_id=tenant_id, **narrower)


def legs(text, dense=None, limit=10):
    words, chars = (dict.fromkeys(found, 1.0) for found in terms(text))
    found = [Leg(WORDS, words, limit), Leg(CHARS, chars, limit)]
    return found if dense is None else [*found, Leg(DENSE, dense, limit)]


def found_by(engine, text, tenant_id=MOVEIS, name="kb", **narrower):
    """Ids of the word leg, best first."""
    return [hit.id for hit in engine.legs(name, of(tenant_id, **narrower), legs(text))[0]]
