"""No company sees or touches another's rows, through any door that exists or will be added."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from unfold.admin import ModelAdmin

from chatwoot_ai.sidebar import SECTIONS
from tenants.access import Area, Role
from tenants.admin.base import ScopedAdmin, _ScopedInline
from tenants.scoping import TenantModel
from tests.architecture.walk import Walk
from tests.factories import FACTORIES, member
from tests.sample.models import Lamp, Room

# A walk through every door takes a minute of a quiet machine.
pytestmark = pytest.mark.timeout(600)

OUR_APPS = {"chatwoot_ai", "tenants", "crews", "knowledge", "integrations"}

# Rows of the installation rather than of a company, each with the reason.
NOT_OF_A_TENANT = {
    "tenants.Tenant": "is the company itself",
    "tenants.User": "a person may belong to several companies",
    "tenants.AuditEntry": "also records what concerns the platform, and outlives its company",
    "tenants.Domain": "base configuration of the installation; offered to companies to stand on",
    "tenants.DomainParent": "a part of a domain",
    "tenants.DomainFieldMapping": "a part of a domain",
    "tenants.DomainOpeningHours": "a part of a domain",
    "tenants.DomainHoliday": "a part of a domain",
    "tenants.DomainsVersion": "a number of the installation",
    "tenants.ChatwootInstallation": "a server that several companies may share",
    "tenants.UnmappedChannel": "belongs to nobody yet",
    "tenants.InstallationKey": "encrypts what belongs to the operator",
    "tenants.InstallationCredential": "belongs to the operator, who offers it to companies",
    "integrations.ModelPrice": "what providers publish is the same for every company",
    "knowledge.Space": "passages of several companies lie in one, behind the filter of each",
    "chatwoot_ai.Pulse": "a sign of life of the installation's workers",
}

# Rules of uniqueness that hold between companies, each with the reason.
WITHOUT_COMPANY = {
    "tenants_channelmapping_inbox": "an inbox belongs to one company",
    "tenants_channelmapping_account": "an account belongs to one company",
    "integrations_connection_account": "an account is connected once, for all its companies",
    "crews_turn_one_at_a_time": "a conversation belongs to one company",
    "crews_inboundevent_message": "a connection belongs to one company",
    "crews_inboundevent_delivery": "a connection belongs to one company",
    "crews_outboundmessage_position": "a turn belongs to one company",
}

ROLES = [*Role, "platform admin working for the company", "person of no company"]


def our_models():
    return [model for model in apps.get_models() if model._meta.app_label in OUR_APPS]


def enter(client, who, mine, request):
    """Sign in as somebody who works for `mine`."""
    if isinstance(who, Role):
        user = member(mine, who)
    else:
        user = request.getfixturevalue(
            "platform_admin" if who.startswith("platform") else "outsider"
        )
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/admin/act-as/", {"tenant": mine.slug})
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("who", ROLES, ids=str)
def test_no_door_shows_or_changes_rows_of_another_company(who, client, moveis, cosmeticos, request):
    enter(client, who, moveis, request)

    assert Walk(client, mine=moveis, theirs=cosmeticos).leaks() == []


class UnscopedAdmin(ModelAdmin):
    """What a developer in a hurry might write."""

    list_display = ("name",)
    search_fields = ("name",)

    def has_view_permission(self, request, obj=None):
        return True

    has_change_permission = has_add_permission = has_delete_permission = has_view_permission
    has_module_permission = ModelAdmin.has_module_permission


class UnscopedActionAdmin(ScopedAdmin):
    """Scoped, but an action that looks rows up by itself."""

    area = Area.CONFIGURATION
    actions = ("steal",)
    list_display = ("name",)

    @admin.action(description="Steal")
    def steal(self, request, queryset):
        Lamp._base_manager.filter(pk__in=request.POST.getlist("_selected_action")).delete()


class UnscopedChoicesAdmin(ScopedAdmin):
    """Scoped, but offers every room."""

    area = Area.CONFIGURATION
    list_display = ("name",)

    def get_field_queryset(self, db, db_field, request):
        return db_field.remote_field.model._base_manager.all()


@pytest.mark.parametrize(
    ("model", "page"),
    [(Room, UnscopedAdmin), (Lamp, UnscopedActionAdmin), (Lamp, UnscopedChoicesAdmin)],
    ids=lambda value: value.__name__,
)
def test_the_walk_notices_a_leak(model, page, monkeypatch, client, moveis, cosmeticos, request):
    monkeypatch.setattr(admin.site._registry[model], "__class__", page)
    enter(client, Role.OWNER, moveis, request)

    assert Walk(client, mine=moveis, theirs=cosmeticos, only=model).leaks() != []


def test_every_row_belongs_to_a_company():
    unowned = {m._meta.label for m in our_models() if not issubclass(m, TenantModel)}

    assert unowned == set(NOT_OF_A_TENANT), (
        "Base new models on tenants.scoping.TenantModel, or name the reason in NOT_OF_A_TENANT."
    )


def test_rows_go_with_their_company():
    for model in our_models():
        if issubclass(model, TenantModel):
            column = model._meta.get_field("tenant")
            assert not column.null, model
            assert column.remote_field.on_delete is models.CASCADE, model


def test_company_with_rows_of_every_kind_can_be_deleted(moveis, cosmeticos):
    owned = [model for model in FACTORIES if issubclass(model, TenantModel)]
    for model in owned:
        FACTORIES[model](tenant=moveis)
        FACTORIES[model](tenant=cosmeticos)

    moveis.delete()

    connection.check_constraints()
    assert all(model._base_manager.filter(tenant=cosmeticos).exists() for model in owned)


def test_rules_of_uniqueness_include_the_company():
    for model in our_models():
        if not issubclass(model, TenantModel):
            continue
        for rule in model._meta.constraints:
            if isinstance(rule, models.UniqueConstraint) and rule.name not in WITHOUT_COMPANY:
                assert "tenant" in rule.fields, f"{model._meta.label}: {rule.name}"


def test_every_page_and_inline_is_built_on_the_shared_classes():
    for page in admin.site._registry.values():
        assert isinstance(page, ScopedAdmin), f"{page} must be a tenants.admin.base.ScopedAdmin"
        assert isinstance(page.area, Area), page
        assert not page.raw_id_fields, f"{page}: raw ids show labels of rows out of reach"
        for inline in page.inlines:
            assert issubclass(inline, _ScopedInline), f"{inline} must be a scoped inline"


def test_every_page_stands_in_the_sidebar():
    listed = [item.model for _title, items in SECTIONS for item in items]
    ours = [model for model in admin.site._registry if model._meta.app_label in OUR_APPS]

    assert sorted(listed, key=str) == sorted(ours, key=str)


def test_every_model_with_a_page_has_a_factory_for_the_walk():
    missing = [m for m in our_models() if issubclass(m, TenantModel) and m not in FACTORIES]

    assert missing == [], "Add a factory to tests/factories.py, so that the walk covers the model."
