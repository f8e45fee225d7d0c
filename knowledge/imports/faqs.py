"""Questions and answers out of a table."""

from knowledge.imports import tables
from knowledge.imports.drafts import Drafts
from knowledge.reading.fields import wanted
from knowledge.reading.files import File
from tenants.models import Tenant

FIELDS = (
    wanted("question", is_required=True),
    wanted("answer", is_required=True),
    tables.CATEGORY,
    tables.NUMBER,
    tables.LANGUAGE,
    tables.STATE,
    *tables.OURS,
)


def read(_tenant: Tenant, file: File) -> Drafts:
    return tables.read(file, FIELDS)
