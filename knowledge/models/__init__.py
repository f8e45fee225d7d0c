"""What a company knows, cut into passages, and how far the index has them."""

from knowledge.models.article import Article, ArticleType, Document, Text
from knowledge.models.case import SearchCase
from knowledge.models.errand import Errand, ErrandState
from knowledge.models.faq import Faq
from knowledge.models.importing import (
    ACTIVE,
    IMPORTED,
    Import,
    ImportProblem,
    ImportState,
    Upload,
    UploadPart,
)
from knowledge.models.index import Index, Space
from knowledge.models.passage import Passage, PassageState
from knowledge.models.piece import Kind, Language, Origin, Piece, PieceState
from knowledge.models.product import Product
from knowledge.models.rule import BusinessRule
from knowledge.models.website import (
    VISITED_NOW,
    PageReport,
    VisitState,
    WebPage,
    Website,
)

# Every kind of knowledge that staff keep, and its table.
PIECES: dict[Kind, type[Piece]] = {
    model.kind: model for model in (BusinessRule, Faq, Article, Document, Product, WebPage)
}

__all__ = [
    "ACTIVE",
    "IMPORTED",
    "PIECES",
    "VISITED_NOW",
    "Article",
    "ArticleType",
    "BusinessRule",
    "Document",
    "Errand",
    "ErrandState",
    "Faq",
    "Import",
    "ImportProblem",
    "ImportState",
    "Index",
    "Kind",
    "Language",
    "Origin",
    "PageReport",
    "Passage",
    "PassageState",
    "Piece",
    "PieceState",
    "Product",
    "SearchCase",
    "Space",
    "Text",
    "Upload",
    "UploadPart",
    "VisitState",
    "WebPage",
    "Website",
]
