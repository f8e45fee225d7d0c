"""Points and questions for tests, in a line each."""

from uuid import NAMESPACE_URL, uuid5

from knowledge.engines.interface import CHARS, DENSE, WORDS, Leg, Point, Scope
from knowledge.texts import questions
from knowledge.texts.vectors import Lengths, passage_terms, passage_vectors

MOVEIS = 1
COSMETICOS = 2


def point(number, text, tenant_id=MOVEIS, *, revision="r1", chunk=0, **details):
    vectors = passage_vectors(passage_terms("", text, "pt"), Lengths())
    details = {"kind": "faq", "language": "pt", **details}
    return Point(
        id=point_id(number, tenant_id, chunk),
        tenant_id=tenant_id,
        piece=f"faq:{number}",
        revision=revision,
        words=vectors.words,
        chars=vectors.chars,
        **details,
    )


def point_id(number, tenant_id=MOVEIS, chunk=0):
    return str(uuid5(NAMESPACE_URL, f"{tenant_id}/{number}/{chunk}"))


def of(tenant_id, **narrower):
    return Scope(tenant_id=tenant_id, **narrower)


def legs(text, dense=None, limit=10):
    question = questions.read(text, "pt")
    found = [
        Leg(WORDS, question.word_vector(), limit),
        Leg(CHARS, question.character_vector(), limit),
    ]
    return found if dense is None else [*found, Leg(DENSE, dense, limit)]


def found_by(engine, text, tenant_id=MOVEIS, name="kb", **narrower):
    """Ids of the word leg, best first."""
    return [hit.id for hit in engine.legs(name, of(tenant_id, **narrower), legs(text))[0]]
