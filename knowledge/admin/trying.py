"""The page where staff try the search and record what it should have found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from knowledge import cases, trying
from knowledge.admin.try_form import CompanyForm, TryForm
from knowledge.engines.failures import EngineError
from knowledge.engines.interface import CHARS, DENSE, WORDS
from knowledge.judging import Verdict
from knowledge.models import PIECES, Kind, SearchCase
from knowledge.search import COVER, Place
from knowledge.trying import Row, Trial
from tenants import audit
from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, access_of
from tenants.models import Tenant
from tenants.showing import visible

SHOWN_WORDS = 60
MOST_CHOICES = 5  # of each kind
FILTER_LISTS = {
    "kind": "kinds",
    "among": "languages",
    "category": "categories",
    "rule_type": "rule_types",
}
FILTER_TEXTS = ("language", "domain", "price_from", "price_to")
LEG_NAMES: Mapping[str, Any] = {
    DENSE: gettext_lazy("Meaning"),
    WORDS: gettext_lazy("Words"),
    CHARS: gettext_lazy("Spelling"),
    COVER: gettext_lazy("Coverage"),
}
VERDICT_LABELS: Mapping[str, str] = {
    Verdict.ANSWER: "success",
    Verdict.ASK: "warning",
    Verdict.PERSON: "info",
    Verdict.GREETING: "",
}


def show(page: ScopedAdmin, request: HttpRequest) -> HttpResponse:
    """Trying is a GET, so that it can be repeated and linked to; recording a case is a POST."""
    sent = request.POST if request.method == "POST" else request.GET
    companies = _companies(request, sent)
    tenant = _tenant_of(request, companies)
    form = _form(sent, tenant)
    if request.method == "POST":
        return _record(request, tenant, form)
    parts = {} if tenant is None or form is None else _tried(tenant, form, sent)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Try the search"),
        "companies": companies,
        "tenant": tenant,
        "form": form,
        "can_record": may_record(request),
        **parts,
    }
    return TemplateResponse(request, "admin/knowledge/try_search.html", context)


def may_record(request: HttpRequest) -> bool:
    return access_of(request).may(Verb.CHANGE, Area.KNOWLEDGE)


def _companies(request: HttpRequest, sent: QueryDict) -> CompanyForm | None:
    """Asked only where several companies are in reach."""
    access = access_of(request)
    if access.tenant is not None:
        return None
    return CompanyForm(sent if "company" in sent else None, access)


def _tenant_of(request: HttpRequest, companies: CompanyForm | None) -> Tenant | None:
    if companies is None:
        return access_of(request).tenant
    return companies.cleaned_data["company"] if companies.is_valid() else None


def _form(sent: QueryDict, tenant: Tenant | None) -> TryForm | None:
    return None if tenant is None else TryForm(sent if "question" in sent else None, tenant)


def _record(request: HttpRequest, tenant: Tenant | None, form: TryForm | None) -> HttpResponse:
    if not may_record(request):
        raise PermissionDenied
    if tenant is None or form is None or not form.is_valid():
        messages.error(request, _("Nothing was recorded. Ask the question once more."))
        return redirect("admin:knowledge_searchcase_try")
    try:
        case = cases.record(
            tenant, form.wanted(), expected=request.POST.get("expected", ""), by=audit.who()
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Recorded: “%(name)s” should be found.") % {"name": case.name})
    return redirect(f"{reverse('admin:knowledge_searchcase_try')}?{_query(request.POST)}")


def _query(sent: QueryDict) -> str:
    kept = sent.copy()
    for name in ("csrfmiddlewaretoken", "expected"):
        kept.pop(name, None)
    return kept.urlencode()


def address_to_try(case: SearchCase) -> str:
    """The same question with the same filters, among those that this page has."""
    said = case.filters
    lists = {name: said.get(theirs, [""])[0] for name, theirs in FILTER_LISTS.items()}
    texts = {name: said.get(name, "") for name in FILTER_TEXTS}
    values = {"company": case.tenant.slug, "question": case.question, **lists, **texts}
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{reverse('admin:knowledge_searchcase_try')}?{query}"


def _tried(tenant: Tenant, form: TryForm, sent: QueryDict) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "case_count": SearchCase.objects.for_tenant(tenant).count(),
        "is_indexed": trying.is_indexed(tenant),
    }
    if not form.is_bound or not form.is_valid():
        return parts
    parts["repeated"] = [(name, sent[name]) for name in ("company", *form.fields) if name in sent]
    try:
        trial = trying.try_out(tenant, form.wanted())
    except EngineError as error:
        return {**parts, "trouble": trying.explain(error)}
    term = sent.get("q", "").strip()
    choices = list(_choices(tenant, term)) if term else []
    return {**parts, **_in_words(trial), "term": term, "choices": choices}


def _in_words(trial: Trial) -> dict[str, Any]:
    legs = [leg for leg in LEG_NAMES if any(leg in row.found.places for row in trial.rows)]
    missing = [(LEG_NAMES[leg], why) for leg, why in trial.result.missing.items()]
    verdict = trial.judgement.verdict
    return {
        "trial": trial,
        "legs": [LEG_NAMES[leg] for leg in legs],
        "lines": [_line(row, trial, legs) for row in trial.rows],
        "not_asked": missing,
        "verdict": verdict.label,
        "verdict_label": VERDICT_LABELS[verdict],
        "support": percent(trial.result.support),
        "needed": percent(trial.needed),
        "words": [word.text for word in trial.result.question.words if not word.is_faint],
        "milliseconds": number_format(trial.seconds * 1000, 1),
    }


@dataclass(frozen=True, slots=True)
class Line:
    rank: int
    title: str
    text: str
    kind: str
    piece: str
    address: str
    places: list[tuple[Any, str]]
    support: str
    is_enough: bool
    is_quoted: bool
    missing: tuple[str, ...]


def _line(row: Row, trial: Trial, legs: list[str]) -> Line:
    passage, places = row.found.passage, row.found.places
    return Line(
        rank=row.rank,
        title=visible(passage.title),
        text=visible(Truncator(passage.text).words(SHOWN_WORDS)),
        kind=passage.get_kind_display(),
        piece=passage.piece,
        address=address_of(passage.kind, passage.piece_id),
        places=[(LEG_NAMES[leg], _place(places.get(leg))) for leg in legs],
        support=f"{percent(row.found.support)}%",
        is_enough=row.found.support >= trial.needed,
        is_quoted=row.found is trial.judgement.best,
        missing=row.missing,
    )


def _place(place: Place | None) -> str:
    return "–" if place is None else f"{place.rank} · {number_format(place.score, 2)}"


def address_of(kind: str, piece_id: int) -> str:
    """Of the page of a row; nothing for what has none."""
    model = PIECES.get(Kind(kind))
    if model is None:
        return ""
    return reverse(f"admin:knowledge_{model._meta.model_name}_change", args=[piece_id])


def percent(share: float) -> int:
    """Down, so that what is not enough does not look like enough."""
    return int(share * 100 + 1e-9)


@dataclass(frozen=True, slots=True)
class Choice:
    """A row that somebody may have expected, whether it is found or not."""

    piece: str
    kind: Any
    title: str
    state: str


def _choices(tenant: Tenant, term: str) -> Iterator[Choice]:
    names = {Kind.FAQ: "question", Kind.PRODUCT: "name"}
    for kind, model in PIECES.items():
        name = names.get(kind, "title")
        rows = model.objects.filter(tenant=tenant, **{f"{name}__icontains": term[:100]})
        for row in rows.only(name, "state").order_by(name, "pk")[:MOST_CHOICES]:
            yield Choice(row.key, kind.label, visible(str(row)), row.get_state_display())
