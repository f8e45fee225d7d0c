"""What the demo companies know, from the files in the folder of each."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from knowledge import passages, tasks
from knowledge.models import Article, BusinessRule, Faq, Piece, Product
from tenants.config import documents
from tenants.models import Tenant

FILES: Mapping[str, type[Piece]] = {
    "faqs": Faq,
    "rules": BusinessRule,
    "articles": Article,
    "products": Product,
}
FOLDER = Path(__file__).parent


def add(tenant: Tenant) -> None:
    """To a company that was made just now: a second time would add everything once more."""
    for name, model in FILES.items():
        rows = model.objects.bulk_create(_read(tenant, name, model))
        passages.renew(tenant, rows)
    tasks.sync_index.delay(tenant_id=tenant.pk)


def _read(tenant: Tenant, name: str, model: type[Piece]) -> Iterator[Piece]:
    content = (FOLDER / tenant.slug / f"{name}.yaml").read_bytes()
    for values in documents.read(content).value:
        row = model(tenant=tenant, **values)
        row.clean_fields(exclude={"tenant"})  # makes prices and dates of texts
        yield row
