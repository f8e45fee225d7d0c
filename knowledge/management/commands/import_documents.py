"""Import documents of a company."""

from knowledge.management.importing import ImportCommand
from knowledge.models import Kind


class Command(ImportCommand):
    help = "Import documents: PDF, DOCX, Markdown, HTML, plain text, or a folder of them."
    kind = Kind.DOCUMENT
