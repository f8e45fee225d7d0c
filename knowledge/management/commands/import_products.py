"""Import products of a company."""

from knowledge.management.importing import ImportCommand
from knowledge.models import Kind


class Command(ImportCommand):
    help = "Import products: a table (CSV, XLSX, JSONL)."
    kind = Kind.PRODUCT
