"""What every admin page of a tenant's rows is built from: it shows and takes only rows in reach.

Rights come from the page's `area` and the person's access; choices of related rows, filters,
autocomplete answers, exports and posted ids are all held to `QuerySet.visible_to(access)`.
"""

import csv
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import RelatedFieldListFilter
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import (
    BadRequest,
    FieldDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.core.paginator import Paginator
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter

from tenants import audit
from tenants.access import Access, Area, Verb
from tenants.admin.changes import change_rows
from tenants.audit import Action, tenant_id_of
from tenants.models import AuditEntry
from tenants.scoping import TenantModel
from tenants.spreadsheet import safe_cell

MOST_EXPORTED_ROWS = 50_000
LOOKUPS_IN_ADDRESSES = frozenset({"exact", "in", "isnull", "gt", "gte", "lt", "lte", "id", "pk"})
HISTORY_ROWS_PER_PAGE = 50
# Django's Portuguese says “O … foi adicionado”, wrong for half of our nouns. Named here, these
# sentences stand in our own catalogue, which wins.
SENTENCES_OF_DJANGO = (
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
)


def access_of(request: HttpRequest) -> Access:
    access: Access = request.access  # type: ignore[attr-defined]  # set by AccessMiddleware
    return access


def rows_in_reach(queryset: models.QuerySet[Any], request: HttpRequest) -> models.QuerySet[Any]:
    """Rows of models that say nothing about reach are for platform admins only."""
    access = access_of(request)
    visible_to = getattr(queryset, "visible_to", None)
    if visible_to is not None:
        reached: models.QuerySet[Any] = visible_to(access)
        return reached
    return queryset if access.reaches_everything else queryset.none()


class ScopedForm(forms.ModelForm):
    """Knows the tenant before validation, so that a row's own checks see it."""

    fixed_tenant_id: ClassVar[int | None] = None

    def _post_clean(self) -> None:
        is_new_row = isinstance(self.instance, TenantModel) and self.instance.tenant_id is None
        if is_new_row and self.fixed_tenant_id is not None:
            self.instance.tenant_id = self.fixed_tenant_id
        super()._post_clean()  # type: ignore[misc]  # untyped in the stubs

    def _get_validation_exclusions(self) -> set[str]:
        """Without the company, rules of uniqueness would be left to the database to refuse."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # untyped
        is_known = getattr(self.instance, "tenant_id", None) is not None
        return excluded - {"tenant"} if is_known else excluded


class ScopedInlineFormSet(BaseInlineFormSet):
    """New rows belong to the tenant of the row they stand under."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]  # untyped in the stubs
        if isinstance(form.instance, TenantModel) and form.instance.tenant_id is None:
            form.instance.tenant_id = tenant_id_of(self.instance)
        return form


class _ScopedFields:
    """Shared by pages and inlines: rights, rows and choices."""

    area: ClassVar[Area]
    form = ScopedForm

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.VIEW, request, obj) or self._may(Verb.CHANGE, request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.ADD, request, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.DELETE, request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(Verb.VIEW, request, None)

    def _may(self, verb: Verb, request: HttpRequest, obj: Any) -> bool:
        return access_of(request).may(verb, self.area) and self._is_in_reach(request, obj)

    def _is_in_reach(self, request: HttpRequest, obj: Any) -> bool:
        """The theme asks about its detail actions with a row's id instead of the row."""
        if isinstance(obj, str | int):
            return self.get_object(request, str(obj)) is not None  # type: ignore[attr-defined]
        tenant = access_of(request).tenant
        return tenant is None or tenant_id_of(obj) in (None, tenant.pk)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return rows_in_reach(super().get_queryset(request), request)  # type: ignore[misc]

    def get_field_queryset(self, db: Any, db_field: Any, request: HttpRequest) -> Any:
        ordered = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]
        queryset = (
            db_field.remote_field.model._default_manager.all() if ordered is None else ordered
        )
        return rows_in_reach(queryset, request)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The company is no question where only one is in reach, and never for an existing row."""
        excluded = list(super().get_exclude(request, obj) or ())  # type: ignore[misc]
        if access_of(request).tenant is not None or obj is not None:
            excluded.append("tenant")
        return excluded


class ScopedAdmin(_ScopedFields, ModelAdmin):
    """A page of rows. Subclasses name their `area` and declare the rest as usual."""

    export_fields: ClassVar[tuple[str, ...]] = ()
    is_in_palette: ClassVar[bool] = True
    nothing_yet: ClassVar[Any] = ""  # what an empty list says: what to do first
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    warn_unsaved_form = True
    actions: ClassVar[Any] = ("export_as_csv",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        tenant = access_of(request).tenant
        return type(form.__name__, (form,), {"fixed_tenant_id": tenant.pk if tenant else None})

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = list(super().get_list_display(request))
        if access_of(request).tenant is not None and "tenant" in columns:
            columns.remove("tenant")
        return columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = [self._scoped_filter(entry) for entry in super().get_list_filter(request)]
        if access_of(request).tenant is not None:
            filters = [entry for entry in filters if _field_of_filter(entry) != "tenant"]
        return filters

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A section of which everything is hidden is hidden too."""
        hidden = set(self.get_exclude(request, obj))
        sections = [
            (title, {**options, "fields": [f for f in options["fields"] if f not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]
        return [(title, options) for title, options in sections if options["fields"]]

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if not self.export_fields:
            actions.pop("export_as_csv", None)
        return actions

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What filters on display need. Others could guess a secret letter by letter, or give
        SQLite a pattern that holds the whole process."""
        names = lookup.split("__")
        if _is_secret(self.model, names[0]):
            return False
        if len(names) > 1 and names[-1] not in LOOKUPS_IN_ADDRESSES:
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def object_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """The row of a detail action; rows out of reach do not exist."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        if not self.has_change_permission(request, row) and not self._may_read_log(request):
            raise PermissionDenied
        entries = AuditEntry.objects.about(row).order_by("-created_at", "-pk")
        page = Paginator(entries, HISTORY_ROWS_PER_PAGE).get_page(request.GET.get("p"))
        title = _("History of %(name)s") % {"name": row}
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "page": page,
            "entries": [(entry, change_rows(entry)) for entry in page.object_list],
            "model": self.model,
            "opts": self.opts,
            "object": row,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/audit_history.html", context)

    def _may_read_log(self, request: HttpRequest) -> bool:
        return access_of(request).may(Verb.VIEW, Area.AUDIT)

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        try:
            return super().response_action(request, queryset)
        except (ValueError, ValidationError) as error:
            raise BadRequest(
                "The selection names rows by something else than their ids."
            ) from error

    # The audit log keeps the history; Django's own would be a second one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        return None

    @admin.action(description=_("Download as a spreadsheet (CSV)"), permissions=["view"])
    def export_as_csv(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse:
        label = f"{self.opts.verbose_name_plural}: {queryset.count()}"
        audit.record(Action.EXPORTED, label=label, tenant=access_of(request).tenant)
        name = slugify(self.opts.verbose_name_plural)
        stamp = timezone.localdate().isoformat()
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}-{stamp}.csv"'
        response.write("\ufeff")
        writer = csv.writer(response, delimiter=";")
        writer.writerow([safe_cell(title) for title in self._export_titles()])
        for row in queryset[:MOST_EXPORTED_ROWS]:
            writer.writerow([safe_cell(value) for value in self._export_values(row)])
        return response

    def _export_titles(self) -> Iterable[Any]:
        return (label_for_field(n, self.model, self) for n in self.export_fields)

    def _export_values(self, row: Any) -> Iterable[Any]:
        for name in self.export_fields:
            _field, _attribute, value = lookup_field(name, row, self)
            yield value

    def _scoped_filter(self, entry: Any) -> Any:
        """Choices of a filter on a relation are rows too."""
        name, kind = entry if isinstance(entry, tuple | list) else (entry, None)
        if not isinstance(name, str) or not _is_relation(self.model, name):
            return entry
        return (name, ScopedRelatedFilter if kind is None else _scoped(kind))


class ReadOnlyAdmin(ScopedAdmin):
    """Rows that are a record: looked at, never edited."""

    is_in_palette = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class _ScopedInline(_ScopedFields):
    formset = ScopedInlineFormSet
    extra = 0
    tab = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An inline is asked with the row above it, not with its own."""
        return self._may(Verb.CHANGE, request, None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.VIEW, request, None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.DELETE, request, None)


class ScopedTabularInline(_ScopedInline, TabularInline):
    pass


class ScopedStackedInline(_ScopedInline, StackedInline):
    pass


class _ScopedChoices:
    """Mixed into a filter over a relation."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = rows_in_reach(field.remote_field.model._default_manager.all(), request)
        ordering = self.field_admin_ordering(field, request, model_admin)  # type: ignore[attr-defined]
        chosen = {"pk__in": rows.values("pk")}
        return field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=chosen)


class ScopedRelatedFilter(_ScopedChoices, RelatedDropdownFilter):
    pass


def _scoped(kind: type[Any]) -> type[Any]:
    if issubclass(kind, _ScopedChoices) or not issubclass(kind, RelatedFieldListFilter):
        return kind
    return type(f"Scoped{kind.__name__}", (_ScopedChoices, kind), {})


def _field_of_filter(entry: Any) -> Any:
    return entry[0] if isinstance(entry, tuple | list) else entry


def _is_relation(model: type[models.Model], name: str) -> bool:
    try:
        return bool(model._meta.get_field(name).is_relation)
    except FieldDoesNotExist:
        return False


def confirmed_action(
    page: ScopedAdmin,
    request: HttpRequest,
    row: Any,
    *,
    question: Any,
    act: Callable[[], HttpResponse | None],
    done: Any = "",
) -> HttpResponse:
    """A detail action in two steps: a link only asks, and a posted answer acts."""
    if request.method == "POST":
        answer = act()
        if answer is not None:
            return answer
        page.message_user(request, done, messages.SUCCESS)
        return redirect(f"admin:{page.opts.app_label}_{page.opts.model_name}_change", row.pk)
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "object": row,
        "title": str(row),
        "question": question,
    }
    return TemplateResponse(request, "admin/confirm_action.html", context)


def shown_once(
    page: ScopedAdmin, request: HttpRequest, *, title: Any, explanation: Any, secret: str
) -> HttpResponse:
    """A secret on a page of its own: not cached, not in a message, hence not in a cookie."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "explanation": explanation,
        "secret": secret,
    }
    response = TemplateResponse(request, "admin/shown_once.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _is_secret(model: type[models.Model], name: str) -> bool:
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return isinstance(field, models.Field) and audit.is_secret(field)
