"""Admin pages of knowledge: what is known, whether it is found, and how it gets in."""

from knowledge.admin import (
    articles,
    cases,
    documents,
    faqs,
    imports,
    indexes,
    products,
    rules,
    spaces,
    web_pages,
    websites,
)

__all__ = [
    "articles",
    "cases",
    "documents",
    "faqs",
    "imports",
    "indexes",
    "products",
    "rules",
    "spaces",
    "web_pages",
    "websites",
]
