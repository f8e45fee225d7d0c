"""Longer texts: articles and policies, documents that were uploaded, pages of websites."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import (
    LONGEST_NAME,
    LONGEST_TITLE,
    Kind,
    Piece,
    newest,
    once_per_company,
)

# A book of 2,000 pages.
LONGEST_BODY = 8_000_000


class ArticleType(models.TextChoices):
    ARTICLE = "article", _("article")
    POLICY = "policy", _("policy")
    PROCEDURE = "procedure", _("procedure")


class Text(Piece):
    """A title and a text in Markdown; its headings stand over the passages made of it."""

    title = models.CharField(_("title"), max_length=LONGEST_TITLE)
    body = models.TextField(
        _("text"), max_length=LONGEST_BODY, help_text=_("Markdown: headings, lists, tables.")
    )
    category = models.CharField(_("category"), max_length=LONGEST_NAME, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class Article(Text):
    kind = Kind.ARTICLE

    article_type = models.CharField(
        _("type"), max_length=10, choices=ArticleType, default=ArticleType.ARTICLE
    )

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles and policies")
        constraints: ClassVar[Any] = [once_per_company("article")]
        indexes: ClassVar[Any] = [newest("article")]


class Document(Text):
    kind = Kind.DOCUMENT

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints: ClassVar[Any] = [once_per_company("document")]
        indexes: ClassVar[Any] = [newest("document")]
