"""Import of configuration files in the admin: choose files, look at what would change, do it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, access_of
from tenants.config import transfer
from tenants.config.config_files import Source
from tenants.models import Tenant

MOST_FILES = 50
MOST_BYTES = 1_500_000


@dataclass(frozen=True, slots=True)
class Uploaded:
    name: str
    text: str

    def as_source(self) -> Source:
        return Source(self.name, partial(str.encode, self.text))


def show(page: ScopedAdmin, request: HttpRequest) -> HttpResponse:
    """Nothing is kept between the steps: the preview carries the files, which are checked anew."""
    tenant = _tenant_of(request)
    if request.method != "POST":
        return _render(page, request, tenant)
    try:
        files = list(_uploaded(request))
    except ValueError as error:
        messages.error(request, str(error))
        return _render(page, request, tenant)
    sources = [file.as_source() for file in files]
    access = access_of(request)
    plan = transfer.plan(
        sources,
        tenant=tenant,
        is_platform=access.is_platform,
        may_rename=access.may(Verb.CHANGE, Area.COMPANY),
    )
    if "apply" not in request.POST or plan.troubles:
        return _render(page, request, tenant, files=files, plan=plan)
    done = transfer.carry_out(plan, note=request.POST.get("note", "")[:200])
    messages.success(
        request,
        _("%(created)d new, %(changed)d changed, %(unchanged)d unchanged.")
        % {"created": done.created, "changed": done.changed, "unchanged": done.unchanged},
    )
    return redirect("admin:tenants_configuration_changelist")


def _tenant_of(request: HttpRequest) -> Tenant | None:
    """The company whose files these must be; none when the platform imports anything."""
    access = access_of(request)
    if access.tenant is not None or not access.is_platform:
        return access.tenant
    return Tenant.objects.filter(slug=request.GET.get("company", "")).first()


def _uploaded(request: HttpRequest) -> Iterator[Uploaded]:
    chosen = request.FILES.getlist("files")
    if chosen:
        if len(chosen) > MOST_FILES or sum(file.size or 0 for file in chosen) > MOST_BYTES:
            raise ValueError(
                _("At most %(files)d files of together %(size)d kB. Use import_config for more.")
                % {"files": MOST_FILES, "size": MOST_BYTES // 1000}
            )
        for file in chosen:
            yield Uploaded(str(file.name), _text_of(file))
        return
    names, texts = request.POST.getlist("name"), request.POST.getlist("text")
    if not names:
        raise ValueError(_("Choose a file first."))
    yield from (Uploaded(name, text) for name, text in zip(names, texts, strict=False))


def _text_of(file: Any) -> str:
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = _("“%(name)s” is not UTF-8. Save it again with the encoding UTF-8.")
        raise ValueError(message % {"name": file.name}) from error


def _render(
    page: ScopedAdmin,
    request: HttpRequest,
    tenant: Tenant | None,
    *,
    files: list[Uploaded] | None = None,
    plan: transfer.Plan | None = None,
) -> HttpResponse:
    can_go_on = plan is not None and not plan.troubles
    items = plan.items if plan is not None and can_go_on else []
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Import configuration"),
        "tenant": tenant,
        "files": files or [],
        "plan": plan,
        "can_go_on": can_go_on,
        "differences": [(item, _lines(transfer.difference(item))) for item in items],
        "note": request.POST.get("note", "")[:200],
    }
    return TemplateResponse(request, "admin/import_configuration.html", context)


def _lines(difference: str) -> list[tuple[str, str]]:
    kinds = {"+": "added", "-": "removed", "@": "place"}
    return [(kinds.get(line[:1], ""), line) for line in difference.splitlines()]
