"""A question as customers ask it, and its answer."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from knowledge.models.piece import (
    LONGEST_NAME,
    Kind,
    Piece,
    newest,
    once_per_company,
    text_field,
)


class Faq(Piece):
    kind = Kind.FAQ

    question = models.CharField(_("question"), max_length=500)
    answer = text_field(_("answer"))
    category = models.CharField(_("category"), max_length=LONGEST_NAME, blank=True)

    class Meta:
        verbose_name = _("question and answer")
        verbose_name_plural = _("questions and answers")
        constraints: ClassVar[Any] = [once_per_company("faq")]
        indexes: ClassVar[Any] = [newest("faq")]

    def __str__(self) -> str:
        return self.question
