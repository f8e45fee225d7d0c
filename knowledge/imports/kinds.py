"""Which kinds of knowledge can be imported, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from knowledge.imports import documents, faqs, products, rules
from knowledge.imports.drafts import Drafts
from knowledge.models import BusinessRule, Document, Faq, Kind, Piece, Product
from knowledge.reading.files import TABLES, TEXTS, File
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class ImportKind:
    """`named_by` is how a row without an own number is recognised."""

    model: type[Piece]
    read: Callable[[Tenant, File], Drafts]
    named_by: str
    file_kinds: tuple[str, ...] = TABLES
    category: str = "category"

    @property
    def counts_rows(self) -> bool:
        """A text is one row, and reading it twice would only take time."""
        return self.file_kinds == TABLES


KINDS: Mapping[str, ImportKind] = {
    Kind.PRODUCT: ImportKind(Product, products.read, "name"),
    Kind.FAQ: ImportKind(Faq, faqs.read, "question"),
    Kind.RULE: ImportKind(BusinessRule, rules.read, "title", category="rule_type"),
    Kind.DOCUMENT: ImportKind(Document, documents.read, "source", TEXTS),
}
