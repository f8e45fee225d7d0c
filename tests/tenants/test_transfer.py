"""Configuration files come in and go out without loss, and a bad one changes nothing."""

import pytest
from django.core.management import CommandError, call_command

from tenants import configuration
from tenants.config import config_files, documents, layers, transfer
from tenants.config.config_files import Source
from tenants.models import (
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    ConfigurationVersion,
    Domain,
    FieldMapping,
    Tenant,
)
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


def source(name, text):
    content = text if isinstance(text, bytes) else text.encode()
    return Source(name, lambda: content)


def import_all(*sources, **options):
    plan = transfer.plan(sources, is_platform=True, **options)
    assert plan.troubles == []
    return transfer.carry_out(plan)


def troubles_of(*sources, **options):
    return [str(trouble) for trouble in transfer.plan(sources, **options).troubles]


def tree(folder):
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*.yaml")}


@pytest.fixture
def examples(project_root):
    return project_root / "tests" / "payloads" / "configuration"


def test_example_files_import_as_they_stand(examples):
    import_all(*config_files.sources_in(examples))

    tenant = Tenant.objects.get(slug="account-2")
    assert tenant.name == "Cliente Exemplo"
    assert Configuration.objects.get(tenant=tenant).domain.slug == "furniture"
    channel = ChannelMapping.objects.get(tenant=tenant)
    assert (channel.account_id, channel.inbox_id) == (2, None)
    config = configuration.effective(tenant.pk)
    assert config.get("integrations", "mcp", "config", "credential_ref").startswith("a1b2c3d4")
    agents = config.get("crews", "customer_service", "agents")
    assert agents[0]["tools"] == ("product_search_tool", "order_status_tool")


def test_files_that_were_imported_change_nothing_more(examples):
    import_all(*config_files.sources_in(examples))

    plan = transfer.plan(config_files.sources_in(examples), is_platform=True)

    assert [transfer.difference(item) for item in plan.items] == [""] * len(plan.items)


def test_account_of_the_chatwoot_section_only_names_the_connection(examples):
    import_all(*config_files.sources_in(examples))

    assert not ChannelMapping.objects.filter(account_id=123).exists()


def test_mapping_file_makes_companies_with_their_domains(examples):
    import_all(*config_files.sources_in(examples))

    found = Configuration.objects.values_list("tenant__slug", "domain__slug")
    assert dict(found) == {
        "account-1": "furniture",
        "account-2": "furniture",
        "account-3": "cosmetics",
        "account-4": "cosmetics",
    }


def test_domain_file_becomes_rows(examples):
    import_all(*config_files.sources_in(examples))

    domain = Domain.objects.get(slug="cosmeticos")
    assert layers.document_of_domain(domain) == {
        "name": "Cosméticos",
        "description": "Domínio de produtos de beleza e cuidados pessoais",
        "field_mappings": {
            "product": {
                "name": "nome_produto",
                "price": "valor",
                "brand": "marca",
                "attributes": "propriedades",
            }
        },
        "tables": {"products": "produtos_cosmeticos", "categories": "categorias_cosmeticos"},
    }


def test_export_import_export_is_byte_identical(examples, tmp_path):
    call_command("import_config", str(examples))
    call_command("export_config", str(tmp_path / "first"))
    ChannelMapping.objects.all().delete()
    Tenant.objects.all().delete()
    Domain.objects.all().delete()
    ChatwootInstallation.objects.all().delete()
    configuration.forget()

    call_command("import_config", str(tmp_path / "first"))
    call_command("export_config", str(tmp_path / "second"))

    assert tree(tmp_path / "first") == tree(tmp_path / "second")
    assert "domains/furniture/account_2/customer_service_crew.yaml" in tree(tmp_path / "first")


def test_importing_twice_changes_nothing(examples):
    import_all(*config_files.sources_in(examples))
    versions = ConfigurationVersion.objects.count()

    done = import_all(*config_files.sources_in(examples))

    assert (done.created, done.changed) == (0, 0)
    assert ConfigurationVersion.objects.count() == versions


@pytest.mark.parametrize(
    "name",
    [
        "config/furniture/account_7.yaml",
        "furniture/account_7.yaml",
        "config/domains/furniture/account_7/config.yaml",
        "domains/furniture/account_7/config.yaml",
    ],
)
def test_every_place_of_a_company_file_is_understood(name):
    import_all(source(name, "account_id: account_7\nname: Sete\n"))

    assert Configuration.objects.get(tenant__slug="account-7").domain.slug == "furniture"


@pytest.mark.parametrize("stem", ["account_mapping", "chatwoot_mapping"])
def test_both_names_of_the_mapping_file_are_understood(stem):
    import_all(source(f"config/{stem}.yaml", 'accounts:\n  "9": "retail"\n'))

    assert ChannelMapping.objects.get(account_id=9).tenant.slug == "account-9"


@pytest.mark.parametrize("account", ["account_5", "chatwoot_account_5", "5", "Account-5"])
def test_prefixes_of_account_numbers_are_taken_off(account):
    import_all(source("a.yaml", f"account_id: {account}\nname: Cinco\n"))

    assert ChannelMapping.objects.get().account_id == 5


def test_crew_files_are_kept_beside_the_company():
    import_all(
        source("domains/furniture/account_1/config.yaml", "account_id: account_1\nname: Um\n"),
        source("domains/furniture/account_1/support_crew.yaml", "enabled: true\nagents: []\n"),
    )

    document = layers.document_of_tenant(Tenant.objects.get())
    assert document["crews"] == {"support": {"enabled": True, "agents": []}}


def test_what_a_file_does_not_mention_stays(moveis):
    import_all(
        source("m.yaml", "account_id: moveis\ntables: {products: p}\nfoo: {bar: [1, null]}\n")
    )

    import_all(source("m.yaml", "account_id: moveis\ntables: {products: q}\n"))

    document = layers.document_of_tenant(moveis)
    assert (document["tables"], document["foo"]) == ({"products": "q"}, {"bar": [1, None]})


def test_identity_that_is_null_stays(moveis):
    name = moveis.name

    import_all(source("m.yaml", "account_id: moveis\nname: null\nlanguage: null\n"))

    moveis.refresh_from_db()
    assert (moveis.name, moveis.language) == (name, "pt-br")


def test_unknown_keys_are_reported_and_kept(moveis):
    plan = transfer.plan([source("m.yaml", "account_id: moveis\n\nfoo: 1\n")], is_platform=True)
    transfer.carry_out(plan)

    assert [str(remark) for remark in plan.unknown] == [
        "m.yaml:3: foo: Ninguém conhece esta chave. Ela é mantida."
    ]
    assert "foo: 1" in transfer.export_tenant(moveis)


def test_one_bad_file_imports_nothing(moveis):
    good = source("a.yaml", "account_id: account_1\nname: Um\n")
    bad = source("b.yaml", "account_id: moveis\nbusiness_hours:\n  monday:\n    - 8 to 12\n")

    plan = transfer.plan([good, bad], is_platform=True)

    assert str(plan.troubles[0]).startswith("b.yaml:4: business_hours.monday[0]: ")
    with pytest.raises(ValueError, match="troubles"):
        transfer.carry_out(plan)
    assert not Tenant.objects.filter(slug="account-1").exists()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("settings: {outside_hours: dance}", "settings.outside_hours"),
        ("settings: {mask_personal_data: 1}", "settings.mask_personal_data"),
        ("language: klingon", "language"),
        ("time_zone: Mars/Base", "time_zone"),
        ("business_hours: {monday: ['08:00-12:00', '11:00-13:00']}", "business_hours.monday"),
        ("business_hours: {segunda: []}", "business_hours.segunda"),
        ("holidays: {2026-02-30: Nunca}", "holidays.2026-02-30"),
        ("field_mappings: {product: {price: null}}", "field_mappings.product.price"),
        ("channels: [{account: -1}]", "channels[0].account"),
        ("limits: {people: many}", "limits.people"),
        ("integrations: {mcp: {config: 3}}", "integrations.mcp.config"),
        ("integrations: {odoo: {config: {password: s3cret}}}", "integrations.odoo.config.password"),
        ("crews: [1]", "crews"),
    ],
)
def test_problem_names_file_line_path_and_hides_secrets(text, where, moveis):
    (trouble,) = troubles_of(source("m.yaml", f"account_id: moveis\n{text}\n"), is_platform=True)

    assert trouble.startswith(f"m.yaml:2: {where}: ")
    assert "s3cret" not in trouble


@pytest.mark.parametrize(
    "secret",
    [
        "password: 12345678",
        "senha: 12.5",
        "clientSecret: s3cret",
        "accessToken: s3cret",
        "apiKey: s3cret",
        "secret_key: s3cret",
        "aws.access-key: s3cret",
        "X-Api-Key: s3cret",
    ],
)
def test_secret_is_refused_however_it_is_written(secret, moveis):
    (trouble,) = troubles_of(source("m.yaml", f"own: {{{secret}}}\n"), tenant=moveis)

    assert "s3cret" not in trouble
    assert "12" not in trouble


@pytest.mark.parametrize(
    "plain", ["password: null", "token: ''", "token_count: 3", "keyboard: br", "secret: true"]
)
def test_what_only_sounds_like_a_secret_may_stand(plain, moveis):
    assert troubles_of(source("m.yaml", f"own: {{{plain}}}\n"), tenant=moveis) == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("a: &x 1\nb: *x", 1),
        ("a: !!python/object/apply:os.system ['true']", 1),
        ("account_id: 1\naccount_id: 2", 2),
        ("[" * 5_000, 1),
        ("a: 1\n---\nb: 2", 2),
        ("a: {b: [}", 1),
        (b"a: 1\nb: \xff\xfe", 2),
        ("a: 1\x00", 1),
        ("x" * 10_000_000, 0),
        ("- a\n- b", 1),
        ("", 1),
        ("account_id: " + "9" * 500, 1),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_hostile_file_is_refused_with_its_line(content, line):
    (trouble,) = transfer.plan([source("bad.yaml", content)], is_platform=True).troubles

    assert (trouble.file, trouble.line) == ("bad.yaml", line)


def test_file_without_a_name_is_the_companys(moveis):
    assert troubles_of(source("", "tables: {a: b}\n"), tenant=moveis) == []


def test_company_may_import_only_itself(moveis, cosmeticos):
    said = [
        source("c.yaml", "account_id: cosmeticos\nname: Roubada\n"),
        source("n.yaml", "account_id: account_8\nname: Nova\n"),
        source("account_mapping.yaml", 'accounts: {"1": furniture}\n'),
    ]

    plan = transfer.plan(said, tenant=moveis)

    assert {trouble.file for trouble in plan.troubles} == {s.name for s in said}
    assert plan.items == []


def test_company_maps_inboxes_of_its_own_accounts_only(moveis, cosmeticos):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    ChannelMapping.objects.create(tenant=moveis, installation=chatwoot, account_id=1)
    ChannelMapping.objects.create(tenant=cosmeticos, installation=chatwoot, account_id=2)

    own = source("m.yaml", "account_id: moveis\nchannels: [{account: 1, inbox: 5}]\n")
    foreign = source("m.yaml", "account_id: moveis\nchannels: [{account: 2, inbox: 5}]\n")
    taken = source("m.yaml", "account_id: moveis\nchannels: [{account: 2}]\n")

    assert troubles_of(own, tenant=moveis) == []
    assert len(troubles_of(foreign, tenant=moveis)) == 1
    assert len(troubles_of(taken, is_platform=True)) == 1


def test_company_is_not_given_the_account_that_its_short_name_tells():
    tenant = TenantFactory(slug="account-7")
    plan = transfer.plan([source("c.yaml", "account_id: account_7\nname: Nova\n")], tenant=tenant)

    transfer.carry_out(plan)

    assert Tenant.objects.get(pk=tenant.pk).name == "Nova"
    assert not ChannelMapping.objects.exists()


def test_company_cannot_lift_its_limits(moveis):
    file = source("m.yaml", "account_id: moveis\nlimits: {people: 1000}\n")

    assert len(troubles_of(file, tenant=moveis)) == 1
    import_all(file)
    moveis.refresh_from_db()
    assert moveis.most_people == 1000


@pytest.mark.parametrize("nothing", ["null", "{}", "~"])
def test_company_cannot_empty_its_limits(nothing, moveis):
    moveis.most_channels = 1
    moveis.save()

    file = source("m.yaml", f"limits: {nothing}\n")

    assert len(troubles_of(file, tenant=moveis)) == 1


def test_company_cannot_stand_on_a_domain_that_does_not_exist(moveis):
    (trouble,) = troubles_of(source("m.yaml", "domain: nowhere\n"), tenant=moveis)

    assert trouble == "m.yaml:1: domain: Não há domínio “nowhere”."


def test_company_cannot_stand_on_a_domain_that_is_not_offered_to_it(moveis):
    hidden = Domain.objects.create(slug="hidden", name="Hidden", is_offered=False)
    file = source("m.yaml", "domain: hidden\n")

    assert troubles_of(file, tenant=moveis) == ["m.yaml:1: domain: Não há domínio “hidden”."]
    Configuration.objects.filter(tenant=moveis).update(domain=hidden)
    assert troubles_of(file, tenant=moveis) == []


def test_domains_in_a_circle_are_refused():
    a, b = source("domains/a.yaml", "parents: [b]\n"), source("domains/b.yaml", "parents: [a]\n")

    (trouble,) = troubles_of(a, b, is_platform=True)

    assert "a → b → a" in trouble or "b → a → b" in trouble


def test_command_shows_what_would_change_and_changes_nothing(moveis, tmp_path, capsys):
    file = tmp_path / "m.yaml"
    file.write_text("account_id: moveis\ntables: {products: p}\n")

    call_command("import_config", str(file), "--dry-run")

    assert "+  products: p" in capsys.readouterr().out
    assert "tables" not in layers.document_of_tenant(moveis)


def test_command_refuses_and_says_where(moveis, tmp_path, capsys):
    file = tmp_path / "m.yaml"
    file.write_text("account_id: moveis\nlanguage: xx\n")

    with pytest.raises(CommandError, match="1"):
        call_command("import_config", str(file))

    assert "m.yaml:2: language: " in capsys.readouterr().err


def test_secrets_file_is_left_to_its_own_import(tmp_path):
    (tmp_path / "credentials.yaml").write_text("account_1: {a: secret}\n")
    (tmp_path / "account_1.yaml").write_text("account_id: account_1\nname: Um\n")

    assert [s.name for s in config_files.sources_in(tmp_path)] == ["account_1.yaml"]


def test_large_number_of_mappings_costs_few_statements(moveis, django_assert_max_num_queries):
    channels = "".join(f"  - {{account: 1, inbox: {n}}}\n" for n in range(1, 21))
    file = source("m.yaml", f"account_id: moveis\nchannels:\n  - {{account: 1}}\n{channels}")
    plan = transfer.plan([file], is_platform=True)

    with django_assert_max_num_queries(80):
        transfer.carry_out(plan)

    assert FieldMapping.objects.count() == 0
    assert ChannelMapping.objects.for_tenant(moveis).count() == 21


def test_written_file_reads_back_as_the_same_value():
    value = {"a": ["yes", "no", "1", "1e3", "", "~", " x ", "é\nü", "2026-01-01", 1.5, None, True]}

    assert documents.read(documents.write(value)).value == value


def test_small_change_of_a_large_document_is_shown_alone():
    before = {"tables": {f"t{n}": "x" for n in range(5_000)}}
    after = {"tables": {**before["tables"], "t2500": "y"}}

    lines = documents.difference(documents.write(before), documents.write(after))

    assert lines[0] == "@@ -2500,5 +2500,5 @@"
    assert [line for line in lines if line[0] in "+-"] == ["-  t2500: x", "+  t2500: y"]


def test_large_change_is_shown_without_a_full_comparison(monkeypatch):
    def refused(*_lines, **_options):
        raise AssertionError("This comparison could take hours.")

    monkeypatch.setattr("difflib.unified_diff", refused)
    before = "first\n2\n3\n" + "".join(f"{n % 110}\n" for n in range(5_000)) + "last\n"
    after = "first\n2\n3\n" + "".join(f"{n * 7 % 110}\n" for n in range(5_000)) + "last\n"

    lines = documents.difference(before, after)

    assert lines[0].startswith("@@ -3,")
    assert "-first" not in lines
    assert {line[0] for line in lines[1:]} == {"-", "+"}


def test_equal_documents_do_not_differ():
    assert documents.difference("a\nb\nc\n", "a\nb\nc\n") == []
