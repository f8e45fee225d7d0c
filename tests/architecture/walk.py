"""Walk every door of the installation as a person of one company, with ids of another.

`Walk(...).leaks()` returns one line per leak: a planted text of the other company that was shown,
a row of it that changed, or a new row that points to it.
"""

from dataclasses import dataclass, field

from django.apps import apps
from django.contrib import admin
from django.db import models, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from crews.models import Conversation
from tenants import audit
from tenants.fields import DocumentField
from tenants.models import Domain, Tenant
from tenants.models.api_token import Scope
from tenants.scoping import TenantModel
from tests.factories import FACTORIES, token_for

PLANTED = "zqplanted"
TYPED = PLANTED[:6]  # finds the planted texts, and is none when a page repeats what was typed


@dataclass
class Walk:
    client: Client
    mine: Tenant
    theirs: Tenant
    only: type | None = None
    found: list[str] = field(default_factory=list)

    def pages(self):
        return [page for page in registered() if self.only in (None, page.model)]

    def leaks(self):
        self.my_rows = {model: make_row(model, self.mine, "mine") for model in walked_models()}
        self.their_rows = {
            model: make_row(model, self.theirs, PLANTED) for model in walked_models()
        }
        before = self.their_state()
        self.walk_addresses()
        self.walk_lists()
        self.walk_forms()
        self.walk_autocomplete()
        self.walk_search()
        self.walk_secrets()
        if self.only is None:
            self.walk_api()
        if self.their_state() != before:
            self.found.append("a row of the other company was changed")
        self.found += pointing_across()
        return sorted(set(self.found))

    def their_state(self):
        return {
            model._meta.label: list(
                model._base_manager.filter(**owner_filter(model, self.theirs))
                .order_by("pk")
                .values()
            )
            for model in apps.get_models()
            if (issubclass(model, TenantModel) or model is Tenant)
        }

    def walk_addresses(self):
        """Every admin address, read and posted, with the other company's ids."""
        for name, pattern, model in admin_addresses():
            if self.only not in (None, model):
                continue
            for row in self.rows_for(model):
                address = fill(pattern, row)
                self.look(f"GET {name}", self.client.get(address))
                self.look(f"POST {name}", self.post(address, {"post": "yes"}))

    def rows_for(self, model):
        return [self.their_rows[model]] if model in self.their_rows else [self.theirs]

    def walk_lists(self):
        for page in self.pages():
            address = address_of(page.model, "changelist")
            theirs = self.their_rows[page.model]
            self.look(f"list of {page}", self.client.get(address))
            self.look(f"all of {page}", self.client.get(address, {"all": ""}))
            self.look(f"search in {page}", self.client.get(address, {"q": TYPED}))
            for query in self.filter_queries(page):
                self.look(f"filter {query} of {page}", self.client.get(address, query))
            for action in page.actions or ():
                self.run_action(page, address, str(action), theirs)
            self.run_action(page, address, "delete_selected", theirs)

    def filter_queries(self, page):
        for column in page.model._meta.get_fields():
            if not column.is_relation or not isinstance(column, models.Field):
                continue
            foreign = self.their_rows.get(column.related_model) or self.theirs
            yield {f"{column.name}__id__exact": foreign.pk}
            yield {f"{column.name}__exact": foreign.pk}
            yield {f"{column.name}__name__startswith": TYPED}

    def run_action(self, page, address, action, row):
        body = {"action": action, "_selected_action": [row.pk], "post": "yes", "index": 0}
        self.look(f"action {action} of {page}", self.post(address, body))
        body["select_across"] = "1"
        self.look(f"action {action} on all of {page}", self.post(address, body))

    def walk_forms(self):
        """Forms filled in as shown, with each reference replaced by one of the other company."""
        for page in self.pages():
            for address in self.form_addresses(page):
                answer = self.client.get(address)
                self.look(f"form {address}", answer)
                if answer.status_code != 200 or not getattr(answer, "context_data", None):
                    continue
                for body in self.bodies(answer.context_data):
                    self.look(f"posted form {address}", self.post(address, body))

    def form_addresses(self, page):
        yield address_of(page.model, "add")
        yield address_of(page.model, "change", self.my_rows[page.model].pk)

    def bodies(self, context):
        body = form_body(context)
        references = reference_fields(context)
        for name, model in references.items():
            body[name] = getattr(self.my_rows.get(model), "pk", None)
        for name, model in references.items():
            foreign = self.their_rows.get(model) or self.theirs
            yield {**body, name: foreign.pk}
        yield {**body, "tenant": self.theirs.pk, "tenant_id": self.theirs.pk}
        yield {**body, **self.foreign_inline_rows(context)}

    def foreign_inline_rows(self, context):
        changed = {}
        for inline in context.get("inline_admin_formsets", ()):
            prefix = inline.formset.prefix
            foreign = self.their_rows.get(inline.formset.model)
            if foreign is not None:
                changed[f"{prefix}-0-{foreign._meta.pk.name}"] = foreign.pk
                changed[f"{prefix}-INITIAL_FORMS"] = 1
                changed[f"{prefix}-TOTAL_FORMS"] = 1
                changed[f"{prefix}-0-name"] = "taken over"
                changed[f"{prefix}-0-DELETE"] = "on"
        return changed

    def walk_autocomplete(self):
        for page in self.pages():
            for column in page.model._meta.get_fields():
                if not isinstance(column, models.ForeignKey | models.ManyToManyField):
                    continue
                query = {
                    "app_label": page.opts.app_label,
                    "model_name": page.opts.model_name,
                    "field_name": column.name,
                }
                for term in ("", TYPED):
                    answer = self.client.get(reverse("admin:autocomplete"), {**query, "term": term})
                    self.look(f"autocomplete {column}", answer)

    def walk_search(self):
        for extra in ({}, {"extended": "1"}):
            answer = self.client.get(reverse("admin:search"), {"s": TYPED, **extra})
            self.look(f"search {extra}", answer)

    def walk_secrets(self):
        """Filters in addresses must not tell what a secret begins with."""
        for page in self.pages():
            for column in page.model._meta.concrete_fields:
                if audit.is_secret(column):
                    query = {f"{column.name}__startswith": "m"}
                    answer = self.client.get(address_of(page.model, "changelist"), query)
                    if answer.status_code == 200:
                        self.found.append(f"{page} tells what {column.name} begins with")

    def walk_api(self):
        _token, secret = token_for(self.mine, *Scope.values)
        headers = {"Authorization": f"Bearer {secret}"}
        for pattern in api_addresses():
            rows = list(self.their_rows.values()) if "<" in pattern else [self.theirs]
            for row in rows:
                self.try_api(pattern, row, headers, self.references())
            if pattern.endswith("admin/domain"):
                self.try_api(pattern, self.theirs, headers, self.domain_of_conversation())

    def references(self):
        rows = {model._meta.model_name: row.pk for model, row in self.their_rows.items()}
        return {"name": "api", **rows, "tenant": self.theirs.pk}

    def domain_of_conversation(self):
        """A view that refuses fields it does not know has to be asked with its own."""
        domain, _made = Domain.objects.get_or_create(slug="walked", defaults={"name": "Walked"})
        return {
            "conversation_id": self.their_rows[Conversation].number,
            "account": self.their_rows[Conversation].connection.account_id,
            "domain": domain.slug,
        }

    def try_api(self, pattern, row, headers, body):
        address = "/" + fill(pattern, row).lstrip("/")
        for method in ("get", "post", "put", "patch", "delete"):
            options = {} if method == "get" else {"data": body, "content_type": "application/json"}
            answer = getattr(Client(raise_request_exception=False), method)(
                address, headers=headers, **options
            )
            self.look(f"api {method} {pattern}", answer)

    def post(self, address, body):
        with transaction.atomic():
            return self.client.post(address, {k: v for k, v in body.items() if v is not None})

    def look(self, door, answer):
        if answer.status_code >= 500:
            self.found.append(f"{door}: answered {answer.status_code}")
        text = content_of(answer)
        if PLANTED in text.lower():
            start = text.lower().index(PLANTED)
            self.found.append(f"{door}: shows …{text[max(0, start - 60) : start + 40]!r}")


def walked_models():
    """All rows of companies that have a factory, referenced ones first."""
    owned = [model for model in FACTORIES if "tenant" in field_names(model)]
    return sorted(owned, key=lambda model: model._meta.label != "sample.Room")


def field_names(model):
    return {column.name for column in model._meta.concrete_fields}


def owner_filter(model, tenant):
    return {"pk": tenant.pk} if model is Tenant else {"tenant": tenant}


def make_row(model, tenant, mark):
    """A row whose every free text carries the mark; related people carry it too."""
    texts = {
        column.name: f"{mark}-{column.name}"[: column.max_length or None]
        for column in model._meta.concrete_fields
        if isinstance(column, models.CharField | models.TextField)
        and not isinstance(column, DocumentField)
        and not column.choices
        and not isinstance(column, models.URLField)
        and column.name not in {"digest", "prefix", "object_type"}
    }
    texts |= {
        column.name: {"marked": f"{mark}-{column.name}"}
        for column in model._meta.concrete_fields
        if isinstance(column, DocumentField)
    }
    if "user" in field_names(model):
        texts |= {
            "user__name": f"{mark} person",
            "user__email": f"{mark}.{model._meta.model_name}@x.example",
        }
    return FACTORIES[model](tenant=tenant, **texts)


def registered():
    return [page for page in admin.site._registry.values() if page.model in walked_models()]


def address_of(model, name, *args):
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}", args=args)


def admin_addresses():
    """(name, pattern, model) of every address below /admin/."""
    for prefix, pattern in patterns(get_resolver().url_patterns):
        whole = prefix + str(pattern.pattern)
        if whole.startswith("admin/") and pattern.name not in {"logout", "act_as", "language"}:
            page = getattr(pattern.callback, "model_admin", None)
            yield whole, whole, page.model if page else model_in(whole)


def model_in(whole):
    for model in admin.site._registry:
        if whole.startswith(f"admin/{model._meta.app_label}/{model._meta.model_name}/"):
            return model
    return None


def api_addresses():
    for prefix, pattern in patterns(get_resolver().url_patterns):
        whole = prefix + str(pattern.pattern)
        if whole.startswith("api/"):
            yield whole


def patterns(entries, prefix=""):
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix, entry


def fill(pattern, row):
    """An address made from a pattern, every variable being this row's id."""
    import re

    plain = re.sub(r"\(\?P<app_label>[^)]*\)+", "tenants", pattern)
    plain = re.sub(r"\(\?P<url>[^)]*\)+", "nowhere", plain)
    plain = re.sub(r"<[^>]*content_type_id[^>]*>", "1", plain)
    return "/" + re.sub(r"<[^>]+>", str(row.pk), plain).replace("$", "").replace("\\Z", "").lstrip(
        "/"
    )


def form_body(context):
    body = dict(initial_of(context["adminform"].form))
    for inline in context.get("inline_admin_formsets", ()):
        body |= dict(initial_of(inline.formset.management_form))
        for form in inline.formset.forms:
            body |= dict(initial_of(form))
    return body


def initial_of(form):
    for bound in form:
        value = bound.value()
        if isinstance(value, bool):
            value = "on" if value else None
        if isinstance(value, list | tuple):
            value = [getattr(entry, "pk", entry) for entry in value]
        yield bound.html_name, "x" if value in (None, "") and bound.field.required else value


def reference_fields(context):
    found = {}
    forms = [context["adminform"].form]
    for inline in context.get("inline_admin_formsets", ()):
        forms += inline.formset.forms
    for form in forms:
        for bound in form:
            queryset = getattr(bound.field, "queryset", None)
            if queryset is not None:
                found[bound.html_name] = queryset.model
    return found


def content_of(answer):
    if getattr(answer, "streaming", False):
        return b"".join(answer.streaming_content).decode(errors="replace")
    location = answer.headers.get("Location", "")
    return answer.content.decode(errors="replace") + location


def pointing_across():
    """Rows that point to a row of another company."""
    for model in apps.get_models():
        if not issubclass(model, TenantModel):
            continue
        for column in model._meta.get_fields():
            if not isinstance(column, models.ForeignKey | models.ManyToManyField):
                continue
            if not issubclass(column.related_model, TenantModel):
                continue
            across = model._base_manager.exclude(**{f"{column.name}__tenant": models.F("tenant")})
            across = across.filter(**{f"{column.name}__isnull": False})
            if across.exists():
                yield f"{model._meta.label}.{column.name} points to another company"
