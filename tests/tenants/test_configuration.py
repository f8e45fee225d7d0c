"""What is in effect for a company, where it comes from, and how changes reach every reader."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tenants import configuration
from tenants.access import Access, Role
from tenants.admin.effective import MOST_ROWS
from tenants.config import layers, stamps
from tenants.config.layers import Layer
from tenants.configuration import CircleError, UnknownDomainError
from tenants.models import (
    AuditEntry,
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    ConfigurationVersion,
    Domain,
    DomainOpeningHours,
    DomainParent,
    FieldMapping,
    Holiday,
    OpeningHours,
    Tenant,
)
from tests.architecture.walk import form_body
from tests.factories import ChannelMappingFactory, ConfigurationFactory

pytestmark = pytest.mark.django_db

PLATFORM = Access(is_platform=True)


def domain(slug, *parents, **document):
    row = Domain.objects.create(slug=slug, name=slug)
    configuration.write_domain(row, {"name": slug, "parents": list(parents), **document})
    return row


def stand_on(tenant, slug, **document):
    configuration.write(tenant, {"domain": slug, **document})


def change_and_fail(tenant):
    stand_on(tenant, "", tables={"a": "b"})
    stand_on(tenant, "nowhere")


def source_of(tenant, *path):
    return configuration.effective(tenant.pk).sources[path].name


def test_nearer_layer_wins_and_its_name_is_told(moveis):
    domain("far", tables={"a": "far", "b": "far", "c": "far"})
    domain("near", "far", tables={"a": "near", "b": "near"})
    stand_on(moveis, "near", tables={"a": "own"})

    config = configuration.effective(moveis.pk)

    assert config.get("tables") == {"a": "own", "b": "near", "c": "far"}
    assert [source_of(moveis, "tables", key) for key in "abc"] == ["moveis", "near", "far"]


def test_first_parent_wins_over_the_second(moveis):
    domain("first", tables={"a": "1"})
    domain("second", tables={"a": "2", "b": "2"})
    domain("child", "first", "second")
    stand_on(moveis, "child")

    assert configuration.effective(moveis.pk).get("tables") == {"a": "1", "b": "2"}


def test_shared_base_comes_after_everything_built_on_it(moveis):
    domain("base", tables={"a": "base"})
    domain("left", "base")
    domain("right", "base", tables={"a": "right"})
    domain("child", "left", "right")
    stand_on(moveis, "child")

    assert configuration.effective(moveis.pk).get("tables", "a") == "right"


def test_order_of_layers_is_near_to_far_without_repeats():
    parents = {"d": ["b", "c"], "b": ["a"], "c": ["a"]}

    assert layers.linearize("d", parents) == ["d", "b", "c", "a"]


def test_deep_diamonds_are_ordered_at_once():
    parents = {str(n): [f"{n}a", f"{n}b"] for n in range(40)}
    parents |= {f"{n}{side}": [str(n + 1)] for n in range(40) for side in "ab"}

    assert len(layers.linearize("0", parents)) == 121


def test_null_hides_what_lies_further(moveis):
    domain("base", integrations={"odoo": {"enabled": True}}, own={"x": 1})
    configuration.write(moveis, {"domain": "base"})
    row = Configuration.objects.get(tenant=moveis)
    row.document = {"own": None}
    row.save()

    config = configuration.effective(moveis.pk)

    assert config.get("own") is None
    assert config.get("integrations", "odoo", "enabled") is True


def test_list_is_replaced_whole(moveis):
    domain("base", own={"list": [1, 2]}, business_hours={"monday": ["08:00-12:00"]})
    stand_on(moveis, "base", own={"list": [3]}, business_hours={"tuesday": []})

    config = configuration.effective(moveis.pk)

    assert config.get("own", "list") == (3,)
    assert config.get("business_hours") == {"monday": ("08:00-12:00",), "tuesday": ()}


def test_channel_is_the_nearest_layer(moveis):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    stand_on(moveis, "", settings={"outside_hours": "collect"})
    channel = ChannelMapping.objects.create(
        tenant=moveis,
        installation=chatwoot,
        account_id=1,
        inbox_id=2,
        settings={"outside_hours": "silent"},
    )

    of_company = configuration.effective(moveis.pk)
    of_channel = configuration.effective(moveis.pk, channel_id=channel.pk)

    assert of_company.setting("outside_hours") == "collect"
    assert of_channel.setting("outside_hours") == "silent"


LAYERS = {
    "nobody": ({}, {}, {}, {}),
    "a far domain": ({"watchdog_minutes": 20}, {}, {}, {}),
    "the nearer domain": ({"watchdog_minutes": 20}, {"watchdog_minutes": 30}, {}, {}),
    "the company": ({"watchdog_minutes": 20}, {}, {"watchdog_minutes": 40}, {}),
    "the channel": ({}, {}, {"watchdog_minutes": 40}, {"watchdog_minutes": 50}),
    "null": ({"watchdog_minutes": 20}, {}, {"watchdog_minutes": None}, {}),
    "something else": ({"watchdog_minutes": 20}, {}, {}, {"mode": "off"}),
}


@pytest.mark.parametrize(("far", "near", "company", "own"), LAYERS.values(), ids=LAYERS.keys())
def test_a_setting_of_many_channels_is_the_one_in_effect(moveis, far, near, company, own):
    domain("far", settings=far)
    domain("near", "far", settings=near)
    stand_on(moveis, "near")
    ConfigurationFactory(tenant=moveis, settings=company)
    channel = ChannelMappingFactory(tenant=moveis, settings=own)
    places = [(moveis.pk, None), (moveis.pk, channel.pk)]

    found = configuration.setting_of_channels("watchdog_minutes", places)

    for tenant_id, channel_id in places:
        config = configuration.effective(tenant_id, channel_id=channel_id)
        assert found[tenant_id, channel_id] == config.setting("watchdog_minutes")


def test_a_setting_of_many_channels_costs_three_questions(db, django_assert_num_queries):
    channels = [ChannelMappingFactory(settings={"watchdog_minutes": n}) for n in (5, 7, 9)]
    places = [(channel.tenant_id, channel.pk) for channel in channels]
    configuration.setting_of_channels("watchdog_minutes", places)

    with django_assert_num_queries(3):
        found = configuration.setting_of_channels("watchdog_minutes", places)

    assert list(found.values()) == [5, 7, 9]


def test_channel_of_another_company_is_not_there(moveis, cosmeticos):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    theirs = ChannelMapping.objects.create(tenant=cosmeticos, installation=chatwoot, account_id=1)

    with pytest.raises(ChannelMapping.DoesNotExist):
        configuration.effective(moveis.pk, channel_id=theirs.pk)


def test_another_domain_may_be_asked_for(moveis):
    domain("a", tables={"x": "a"})
    domain("b", tables={"x": "b"})
    stand_on(moveis, "a")

    assert configuration.effective(moveis.pk, domain="b").get("tables", "x") == "b"
    with pytest.raises(UnknownDomainError, match="nowhere"):
        configuration.effective(moveis.pk, domain="nowhere")


def test_values_cannot_be_changed(moveis):
    stand_on(moveis, "", own={"a": {"b": [1]}})
    config = configuration.effective(moveis.pk)

    with pytest.raises(TypeError):
        config.values["own"]["a"]["b"] = 2
    with pytest.raises(TypeError):
        config.values["own"]["a"]["b"][0] = 2


def test_unchanged_configuration_costs_one_query(moveis, django_assert_num_queries):
    first = configuration.effective(moveis.pk)

    with django_assert_num_queries(1):
        again = configuration.effective(moveis.pk)

    assert again is first


def test_compiling_costs_the_same_for_many_domains(moveis, django_assert_max_num_queries):
    for number in range(30):
        domain(f"d{number}", tables={"a": str(number)})
    stand_on(moveis, "d7")
    configuration.forget()

    with django_assert_max_num_queries(11):
        configuration.effective(moveis.pk)


CHANGES = {
    "a field mapping": lambda tenant, own: FieldMapping.objects.create(
        tenant=tenant, configuration=own, kind="product", field="price", source="valor"
    ),
    "business hours": lambda tenant, own: OpeningHours.objects.create(
        tenant=tenant, configuration=own, weekday=0
    ),
    "a holiday in bulk": lambda tenant, own: Holiday.objects.bulk_create(
        [Holiday(tenant=tenant, configuration=own, date=datetime.date(2026, 12, 25), name="Natal")]
    ),
    "settings by update": lambda tenant, own: Configuration.objects.filter(pk=own.pk).update(
        settings={"outside_hours": "silent"}
    ),
    "the language": lambda tenant, own: setattr(tenant, "language", "en") or tenant.save(),
    "its domain": lambda tenant, own: Domain.objects.filter(slug="base").update(
        settings={"outside_hours": "silent"}
    ),
    "a domain's mapping": lambda tenant, own: own.domain.domainfieldmapping_set.create(
        kind="product", field="price", source="valor"
    ),
    "a domain's parent": lambda tenant, own: DomainParent.objects.create(
        domain=own.domain, parent=Domain.objects.create(slug="new", name="new")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen_by_the_next_look_up(change, moveis, cosmeticos):
    domain("base")
    stand_on(moveis, "base")
    before = configuration.effective(moveis.pk)
    other = stamps.of_tenant(cosmeticos.pk)[0]

    change(moveis, Configuration.objects.get(tenant=moveis))

    assert configuration.effective(moveis.pk).version != before.version
    assert stamps.of_tenant(cosmeticos.pk)[0] == other


def test_change_that_is_rolled_back_leaves_version_and_values(moveis):
    before = configuration.effective(moveis.pk)

    with pytest.raises(UnknownDomainError), configuration.changing():
        change_and_fail(moveis)

    assert configuration.effective(moveis.pk) is before


def test_known_configuration_serves_while_the_database_is_away(moveis, monkeypatch):
    known = configuration.effective(moveis.pk)

    def broken(_tenant_id):
        raise DatabaseError

    monkeypatch.setattr(stamps, "of_tenant", broken)

    assert configuration.effective(moveis.pk) is known


def test_value_is_read_anew_after_five_minutes(moveis, time_machine):
    time_machine.move_to("2026-11-20 12:00", tick=False)
    known = configuration.effective(moveis.pk)
    kept = configuration._kept[moveis.pk, None, None]
    configuration._kept[moveis.pk, None, None] = type(kept)(known, kept.made_at - 301)

    assert configuration.effective(moveis.pk) is not known


def test_domains_in_a_circle_are_refused():
    a = domain("a")
    domain("b", "a")

    with pytest.raises(CircleError, match=r"a → b → a|b → a → b"):
        configuration.write_domain(a, {"parents": ["b"]})

    assert not a.parent_links.exists()


def test_circle_is_refused_through_any_door():
    a, b = domain("a"), domain("b", "a")

    with pytest.raises(ValidationError):
        DomainParent.objects.create(domain=a, parent=b)


def test_one_change_is_one_version_with_author_and_note(moveis):
    count = ConfigurationVersion.objects.for_tenant(moveis).count()

    with configuration.changing(note="summer"):
        stand_on(moveis, "", tables={"a": "b"}, business_hours={"monday": []})
        Holiday.objects.create(
            tenant=moveis,
            configuration=Configuration.objects.get(tenant=moveis),
            date=datetime.date(2026, 12, 25),
            name="Natal",
        )

    versions = ConfigurationVersion.objects.for_tenant(moveis)
    last = versions.latest("number")
    assert versions.count() == count + 1
    assert (last.note, bool(last.author)) == ("summer", True)
    assert last.document["holidays"] == {"2026-12-25": "Natal"}


def test_restored_version_is_what_it_was_and_becomes_a_new_one(moveis):
    stand_on(moveis, "", tables={"a": "old"}, business_hours={"monday": ["08:00-24:00"]})
    old = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    stand_on(moveis, "", tables={"a": "new"})

    configuration.restore(old, note="back", access=PLATFORM)

    assert layers.document_of_tenant(moveis) == old.document
    last = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    assert (last.number, last.note) == (old.number + 2, "back")


def test_restoring_takes_no_domain_that_is_no_longer_offered(moveis):
    row = domain("near")
    stand_on(moveis, "near")
    old = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    stand_on(moveis, "")
    Domain.objects.filter(pk=row.pk).update(is_offered=False)

    with pytest.raises(UnknownDomainError):
        configuration.restore(old, note="back", access=Access(tenant=moveis, role=Role.OWNER))

    configuration.restore(old, note="back", access=PLATFORM)
    assert Configuration.objects.get(tenant=moveis).domain == row


@pytest.mark.parametrize(("role", "name"), [(Role.OWNER, "Old"), (Role.EDITOR, "New")])
def test_restoring_renames_the_company_for_those_who_may(role, name, moveis):
    configuration.write(moveis, {"name": "Old", "tables": {"a": "old"}})
    old = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    configuration.write(moveis, {"name": "New"})

    configuration.restore(old, note="back", access=Access(tenant=moveis, role=role))

    moveis.refresh_from_db()
    document = layers.document_of_tenant(moveis)
    assert (document["name"], document["tables"]) == (name, {"a": "old"})


def test_restoring_takes_no_channel_back_from_another_company(moveis, cosmeticos):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    channel = ChannelMapping.objects.create(tenant=moveis, installation=chatwoot, account_id=1)
    old = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    channel.delete()
    ChannelMapping.objects.create(tenant=cosmeticos, installation=chatwoot, account_id=1)

    configuration.restore(old, note="back", access=PLATFORM)

    assert ChannelMapping.objects.get().tenant == cosmeticos


def test_new_company_has_a_configuration(moveis):
    assert Configuration.objects.get(tenant=moveis).version >= 1


@pytest.mark.parametrize("how", ["the row", "a queryset"])
def test_company_with_everything_can_be_deleted(how, moveis, cosmeticos):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    ChannelMapping.objects.create(tenant=moveis, installation=chatwoot, account_id=1)
    stand_on(
        moveis,
        "",
        business_hours={"monday": []},
        holidays={"12-25": "Natal"},
        field_mappings={"product": {"price": "valor"}},
    )

    moveis.delete() if how == "the row" else Tenant.objects.filter(pk=moveis.pk).delete()

    connection.check_constraints()
    assert not ConfigurationVersion.objects.exclude(tenant=cosmeticos).exists()


class _Counted(str):
    """A text that counts how often it is compared."""

    compared = 0

    def __eq__(self, other):
        _Counted.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("broken", ["hours", "document"])
def test_broken_domain_stops_only_those_who_stand_on_it(broken, moveis, cosmeticos):
    row = domain("broken")
    domain("sound", tables={"a": "b"})
    stand_on(moveis, "broken")
    stand_on(cosmeticos, "sound")
    if broken == "hours":
        DomainOpeningHours.objects.create(domain=row, weekday=9)
    else:
        Domain.objects.filter(pk=row.pk).update(document=["no mapping"])

    assert configuration.effective(cosmeticos.pk).get("tables", "a") == "b"
    with pytest.raises((IndexError, TypeError)):
        configuration.effective(moveis.pk)


def test_page_of_a_large_configuration_stays_small(moveis, helena, signed_in):
    configuration.write(moveis, {"own": {f"key-{n}": n for n in range(3_000)}})
    row = Configuration.objects.get(tenant=moveis)

    answer = signed_in(helena).get(f"/admin/tenants/configuration/{row.pk}/effective/")

    assert len(answer.context["rows"]) == MOST_ROWS
    assert answer.context["left_out"] == len(configuration.effective(moveis.pk).sources) - MOST_ROWS
    assert str(answer.context["left_out"]) in answer.content.decode()


def test_page_of_a_large_version_is_made_once_and_stays_small(moveis, helena, signed_in):
    configuration.write(moveis, {"own": {f"key-{n}": n for n in range(6_000)}})
    version = ConfigurationVersion.objects.for_tenant(moveis).latest("number")
    page = signed_in(helena)

    with CaptureQueriesContext(connection) as asked:
        answer = page.get(f"/admin/tenants/configurationversion/{version.pk}/change/")

    text = answer.content.decode()
    assert "key-4900" in text
    assert "key-5900" not in text
    earlier = [query for query in asked.captured_queries if '"number" <' in query["sql"]]
    assert len(earlier) == 1


def test_audit_log_keeps_the_beginning_of_a_large_document(moveis):
    configuration.write(moveis, {"own": {f"key-{n}": n for n in range(3_000)}})

    entry = AuditEntry.objects.filter(object_type="tenants.configuration").latest("pk")
    before, after = entry.changes["document"]
    assert before == {}
    assert after.startswith('{"own": {"key-0": 0')
    assert len(after) < 3_000


def test_merging_large_documents_does_not_compare_every_value_with_every_other():
    def large():
        return Layer("company", "x", {"own": {_Counted(f"key-{n}"): n for n in range(500)}})

    _Counted.compared = 0
    merged, sources = layers.merge([large(), large()])

    assert len(merged["own"]) == len(sources) == 500
    assert _Counted.compared < 10_000


def test_source_of_what_a_nearer_layer_replaced_is_forgotten():
    far = Layer("domain", "far", {"a": {"b": {"c": 1, "d": 2}, "e": 3}, "f": 4})
    near = Layer("company", "near", {"a": {"b": "text"}, "f": {"g": 5}})

    merged, sources = layers.merge([far, near])

    assert merged == {"a": {"b": "text", "e": 3}, "f": {"g": 5}}
    assert {".".join(path): layer.name for path, layer in sources.items()} == {
        "a.b": "near",
        "a.e": "far",
        "f.g": "near",
    }


def test_stale_row_of_a_company_does_not_undo_a_suspension(moveis):
    Tenant.objects.filter(pk=moveis.pk).update(is_active=False)

    configuration.write(moveis, {"name": "Outra"})

    row = Tenant.objects.get(pk=moveis.pk)
    assert (row.is_active, row.name) == (False, "Outra")


def test_second_of_two_editors_is_told_and_undoes_nothing(moveis, helena, signed_in):
    page = signed_in(helena)
    own = Configuration.objects.get(tenant=moveis)
    address = f"/admin/tenants/configuration/{own.pk}/change/"
    shown = form_body(page.get(address).context)
    body = {name: value for name, value in shown.items() if value is not None}

    first = page.post(address, {**body, "option_outside_hours": "silent"})
    second = page.post(address, {**body, "option_outside_hours": "collect"})

    assert (first.status_code, second.status_code) == (302, 200)
    assert "meio-tempo" in second.content.decode()
    assert configuration.effective(moveis.pk).setting("outside_hours") == "silent"


def test_every_setting_stands_in_one_group_of_the_forms():
    from tenants.config.options import GROUPS, OPTIONS

    grouped = [key for _title, keys in GROUPS for key in keys]

    assert sorted(grouped) == sorted(OPTIONS)
