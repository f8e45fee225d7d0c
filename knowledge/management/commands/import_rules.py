"""Import business rules of a company."""

from knowledge.management.importing import ImportCommand
from knowledge.models import Kind


class Command(ImportCommand):
    help = "Import business rules: a table (CSV, XLSX, JSONL)."
    kind = Kind.RULE
