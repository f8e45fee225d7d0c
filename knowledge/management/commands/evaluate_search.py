"""Measure the search on a set of texts and questions."""

import json
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from integrations import llm
from knowledge import evaluation, search
from knowledge.engines.interface import DENSE
from knowledge.evaluation import Answered, Corpus, FileError, Query
from knowledge.models import Language
from tenants.management.lookup import tenant_named

COLUMNS = ("ndcg@10", "recall@5", "recall@20", "mrr", "hit@1", "p50_ms", "p95_ms")


class Command(BaseCommand):
    help = (
        "Index texts for a company that exists only meanwhile, ask questions, and print how well"
        " each way of searching finds what answers them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("docs", metavar="DOCS.jsonl", help="id, text, title, kind")
        parser.add_argument("queries", metavar="QUERIES.jsonl", help="id, text, relevant ids")
        parser.add_argument("--json", metavar="OUT", help="write the result there")
        parser.add_argument(
            "--legs", metavar="A,B", help=f"only these: {', '.join(search.LEGS)}; default: all"
        )
        parser.add_argument("--alone", action="store_true", help="also each leg alone")
        parser.add_argument("--language", choices=Language.values, default=Language.PORTUGUESE)
        parser.add_argument(
            "--tenant", metavar="SLUG", help="use (and pay) the model for search of this company"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        legs = self._legs(options["legs"], has_model=bool(options["tenant"]))
        try:
            docs = evaluation.docs_in(Path(options["docs"]))
            queries = evaluation.queries_in(Path(options["queries"]))
        except FileError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        embed = None
        if options["tenant"]:
            embed = partial(llm.embed, tenant_named(options["tenant"]), seconds=600.0)
        with evaluation.corpus(docs, language=options["language"], embed=embed) as corpus:
            self._measure(corpus, queries, legs, options)

    def _legs(self, chosen: str | None, *, has_model: bool) -> tuple[str, ...]:
        usual = tuple(leg for leg in search.LEGS if has_model or leg != DENSE)
        legs = tuple(chosen.split(",")) if chosen else usual
        unknown = [leg for leg in legs if leg not in search.LEGS]
        if unknown:
            words = {"leg": unknown[0], "legs": ", ".join(search.LEGS)}
            raise CommandError(_("There is no leg “%(leg)s”. There are: %(legs)s.") % words)
        return legs

    def _measure(
        self, corpus: Corpus, queries: list[Query], legs: tuple[str, ...], options: dict[str, Any]
    ) -> None:
        self.stdout.write(f"{'':24}" + "".join(f"{name:>10}" for name in COLUMNS))
        if options["alone"]:
            for leg in legs:
                if leg == search.COVER:
                    continue  # it orders what the others found
                self._line(leg, [corpus.answer(query, legs=(leg,)) for query in queries])
        answers = [corpus.answer(query, legs=legs) for query in queries]
        self._line("+".join(legs), answers)
        if options["json"]:
            Path(options["json"]).write_text(_document(answers), encoding="utf-8")

    def _line(self, name: str, answers: list[Answered]) -> None:
        found = evaluation.summary(answers)
        self.stdout.write(f"{name:24}" + "".join(f"{found[key]:>10}" for key in COLUMNS))


def _document(answers: list[Answered]) -> str:
    return json.dumps(
        {
            "summary": evaluation.summary(answers),
            "queries": [
                {"id": one.query.id, "found": list(one.found), "support": one.support}
                for one in answers
            ],
        },
        ensure_ascii=False,
        indent=1,
    )
