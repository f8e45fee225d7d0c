"""Import questions and answers of a company."""

from knowledge.management.importing import ImportCommand
from knowledge.models import Kind


class Command(ImportCommand):
    help = "Import questions and answers: a table (CSV, XLSX, JSONL)."
    kind = Kind.FAQ
