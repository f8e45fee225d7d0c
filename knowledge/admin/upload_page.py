"""Choose files to import: they are kept, and looked at before anything is read."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from knowledge.imports import control
from knowledge.imports.drafts import RefusedError
from knowledge.imports.kinds import KINDS, ImportKind
from knowledge.models import Import, Kind, Language, PieceState
from knowledge.models.piece import LONGEST_NAME
from knowledge.reading.files import ENDINGS, MOST_MEGABYTES, NAMES, File
from tenants.admin.base import ScopedAdmin, access_of
from tenants.models import Tenant
from tenants.showing import visible

MOST_FILES = 20
STATES = [(state.value, state.label) for state in (PieceState.PUBLISHED, PieceState.DRAFT)]
# What a table of each kind needs, and what else is understood.
HINTS: dict[str, Any] = {
    Kind.PRODUCT: gettext_lazy(
        "A table with a row for each product and a column “name”. Also understood: code, price,"
        " brand, category, description, barcode, image, language, status. Every other column"
        " becomes an attribute of the product. A table of codes and prices alone changes prices."
    ),
    Kind.FAQ: gettext_lazy(
        "A table with the columns “question” and “answer”. Also understood: category, code,"
        " language, status."
    ),
    Kind.RULE: gettext_lazy(
        "A table with the columns “title” and “rule”. Also understood: details, type, priority,"
        " domain, valid from, valid until, code, language, status."
    ),
    Kind.DOCUMENT: gettext_lazy(
        "Texts, several at once: each file becomes a document. A file that was sent before changes"
        " its document."
    ),
}


class OptionsForm(forms.Form):
    company = forms.ModelChoiceField(
        Tenant.objects.none(), label=gettext_lazy("Company"), widget=UnfoldAdminSelectWidget
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=Language.choices, widget=UnfoldAdminSelectWidget
    )
    category = forms.CharField(
        label=gettext_lazy("Category"),
        required=False,
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget,
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"), choices=STATES, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, tenant: Tenant | None, kind: str, data: Any = None) -> None:
        super().__init__(data)
        if tenant is None:
            companies = Tenant.objects.order_by("name", "pk")
            self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        else:
            del self.fields["company"]
            self.fields["language"].initial = tenant.language[:2]
        if kind == Kind.RULE:
            self.fields["category"].label = gettext_lazy("Type")


def show(page: ScopedAdmin, request: HttpRequest, kind: str) -> HttpResponse:
    tenant = access_of(request).tenant
    if request.method != "POST":
        return _render(page, request, kind, OptionsForm(tenant, kind))
    form = OptionsForm(tenant, kind, request.POST)
    files = request.FILES.getlist("files")
    if not form.is_valid():
        return _render(page, request, kind, form)
    if refusal := _refusal(kind, files):
        messages.error(request, refusal)
        return _render(page, request, kind, form)
    owner = tenant or form.cleaned_data["company"]
    options = {name: form.cleaned_data[name] for name in ("language", "category", "state")}
    prepared = _prepared(request, owner, kind, files, options)
    if not prepared:
        return _render(page, request, kind, form)
    if len(prepared) == 1:
        return redirect("admin:knowledge_import_change", prepared[0].pk)
    for row in prepared:
        control.start(row)
    return redirect("admin:knowledge_import_changelist")


def _refusal(kind: str, files: list[Any]) -> str:
    most = 1 if KINDS[kind].counts_rows else MOST_FILES
    if not files:
        return _("Choose a file first.")
    return _("At most %(most)d files at once.") % {"most": most} if len(files) > most else ""


def _prepared(
    request: HttpRequest, tenant: Tenant, kind: str, files: list[Any], options: dict[str, Any]
) -> list[Import]:
    """A file that cannot be read says why; the others are kept all the same."""
    prepared = []
    for sent in files:
        file = File(str(sent.name), sent.file)
        user: Any = request.user
        try:
            prepared.append(control.prepare(tenant, kind, file, options=options, user=user))
        except RefusedError as error:
            messages.error(request, f"{visible(str(sent.name))}: {error}")
    return prepared


def _render(page: ScopedAdmin, request: HttpRequest, kind: str, form: OptionsForm) -> HttpResponse:
    found = KINDS[kind]
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Import: %(what)s") % {"what": page.opts.verbose_name_plural},
        "form": form,
        "hint": HINTS[kind],
        "endings": _endings(found),
        "limits": _limits(found),
        "is_several": not found.counts_rows,
    }
    return TemplateResponse(request, "admin/knowledge/upload.html", context)


def _endings(kind: ImportKind) -> str:
    return ",".join(ending for ending, each in ENDINGS.items() if each in kind.file_kinds)


def _limits(kind: ImportKind) -> str:
    """The most that is read of each kind of file."""
    return ", ".join(
        f"{NAMES.get(each, each.upper())}: {MOST_MEGABYTES[each]} MB" for each in kind.file_kinds
    )
