"""What an operator types at a terminal: people, roles, tokens; errors say what to do."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from tenants.access import Role
from tenants.models import ApiToken, AuditEntry, Membership, User
from tests.factories import PASSWORD, UserFactory


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def run(*words, **options):
    output = io.StringIO()
    call_command(*words, stdout=output, **options)
    return output.getvalue()


@pytest.fixture
def typed(monkeypatch):
    """What is piped into the command: `typed("secret")`."""

    def typed(text):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return typed


class TestStaff:
    def test_new_person_gets_a_role_and_a_link(self, moveis, client):
        output = run(
            "staff",
            "Rita@Moveis.example",
            "--tenant",
            "moveis",
            "--role",
            "editor",
            "--name",
            "Rita",
        )

        membership = Membership.objects.get()
        link = output.split()[-1]
        assert (membership.user.email, membership.user.name) == ("rita@moveis.example", "Rita")
        assert (membership.tenant, membership.role) == (moveis, Role.EDITOR)
        assert "rita@moveis.example is ready." in output
        assert link.startswith("http://127.0.0.1:8000/admin/password/")
        page = client.get(link.removeprefix("http://127.0.0.1:8000"), follow=True)
        assert page.context["validlink"]

    def test_known_person_joins_with_the_password_they_have(self, moveis, beatriz):
        output = run("staff", beatriz.email, "--tenant", "moveis")

        assert set(beatriz.memberships.values_list("tenant__slug", "role")) == {
            ("cosmeticos", "owner"),
            ("moveis", "agent"),
        }
        assert "password" not in output
        assert User.objects.get(pk=beatriz.pk).check_password(PASSWORD)

    def test_second_call_changes_the_role(self, helena):
        run("staff", helena.email, "--tenant", "moveis", "--role", "viewer")

        assert helena.memberships.get().role == Role.VIEWER

    def test_repeated_call_changes_nothing(self, helena):
        before = AuditEntry.objects.count()

        run("staff", helena.email, "--tenant", "moveis", "--role", "owner")

        assert AuditEntry.objects.count() == before

    @pytest.mark.django_db
    def test_platform_admin_is_made(self):
        run("staff", "ops@platform.example", "--platform")

        assert User.objects.get().is_superuser

    def test_giving_a_role_takes_no_platform_right_away(self, moveis, platform_admin):
        run("staff", platform_admin.email, "--tenant", "moveis")

        platform_admin.refresh_from_db()
        assert platform_admin.is_superuser

    @pytest.mark.django_db
    def test_password_is_read_from_standard_input(self, typed):
        typed("um-cavalo-bem-certo\n")

        output = run("staff", "ops@platform.example", "--platform", "--password-stdin")

        assert User.objects.get().check_password("um-cavalo-bem-certo")
        assert "um-cavalo" not in output
        assert "link" not in output

    @pytest.mark.django_db
    def test_password_of_a_windows_file_is_read_without_its_line_end(self, typed):
        typed("um-cavalo-bem-certo\r\n")

        run("staff", "ops@platform.example", "--platform", "--password-stdin")

        assert User.objects.get().check_password("um-cavalo-bem-certo")

    @pytest.mark.parametrize(
        "password", ["kurz", "12345678901234", "password123", "ops@platform.example"]
    )
    @pytest.mark.django_db
    def test_weak_password_makes_nobody(self, typed, password):
        typed(f"{password}\n")

        with pytest.raises(CommandError) as refusal:
            run("staff", "ops@platform.example", "--platform", "--password-stdin")

        assert "password" in str(refusal.value).lower()
        assert password not in str(refusal.value)
        assert not User.objects.exists()

    @pytest.mark.django_db
    def test_empty_password_makes_nobody(self, typed):
        typed("")

        with pytest.raises(CommandError):
            run("staff", "ops@platform.example", "--platform", "--password-stdin")

        assert not User.objects.exists()

    def test_weak_password_keeps_the_old_one(self, typed, helena):
        typed("short\n")

        with pytest.raises(CommandError):
            run("staff", helena.email, "--tenant", "moveis", "--password-stdin")

        helena.refresh_from_db()
        assert helena.check_password(PASSWORD)

    def test_unknown_company_makes_nobody_and_names_the_known_ones(self, moveis, cosmeticos):
        with pytest.raises(CommandError, match=r"“movei”.*cosmeticos, moveis"):
            run("staff", "rita@moveis.example", "--tenant", "movei")

        assert not User.objects.exists()

    @pytest.mark.parametrize("options", [[], ["--tenant", "moveis", "--platform"]])
    def test_company_or_platform_must_be_named(self, moveis, options):
        with pytest.raises(CommandError, match="--tenant SLUG or --platform"):
            run("staff", "rita@moveis.example", *options)

    @pytest.mark.parametrize("email", ["rita", "rita@", "", "a" * 300 + "@example.com"])
    def test_wrong_address_makes_nobody(self, moveis, email):
        with pytest.raises(CommandError) as refusal:
            run("staff", email, "--tenant", "moveis")

        assert str(refusal.value)
        assert not User.objects.exists()

    def test_unknown_role_is_refused_with_the_known_ones(self, moveis):
        with pytest.raises(CommandError, match=r"owner.*viewer"):
            run("staff", "rita@moveis.example", "--tenant", "moveis", "--role", "boss")

    def test_inactive_person_is_not_said_to_be_ready(self, moveis):
        UserFactory(email="ex@moveis.example", is_active=False)

        try:
            output = run("staff", "ex@moveis.example", "--tenant", "moveis")
        except CommandError as refusal:
            output = str(refusal)

        assert "inactive" in output or User.objects.get().is_active

    def test_what_was_done_is_recorded_as_a_command(self, moveis, monkeypatch):
        monkeypatch.setattr("sys.argv", ["manage.py", "staff"])

        run("staff", "rita@moveis.example", "--tenant", "moveis")

        entry = AuditEntry.objects.get(object_type="tenants.membership")
        assert (entry.via, entry.tenant) == ("command staff", moveis)
        assert entry.actor_label

    def test_words_are_portuguese_where_the_language_is(self, moveis):
        with translation.override("pt-br"):
            output = run("staff", "rita@moveis.example", "--tenant", "moveis")

        assert "está pronta" in output


class TestApiToken:
    def make(self, *options, tenant="moveis", name="Odoo", scopes="team:read"):
        return run("api_token", tenant, "--name", name, "--scopes", scopes, *options)

    def test_token_is_printed_alone_and_works(self, moveis, client):
        secret = self.make().removesuffix("\n")

        answer = client.get("/api/v1/team", headers={"Authorization": f"Bearer {secret}"})
        assert secret.startswith("cwai_")
        assert len(secret.split()) == 1
        assert answer.status_code == 200

    def test_json_is_for_scripts(self, moveis):
        printed = json.loads(self.make("--json"))

        assert printed["token"].startswith("cwai_")

    def test_only_the_digest_is_kept(self, moveis):
        secret = self.make().strip()

        token = ApiToken.objects.get()
        kept = str(list(ApiToken.objects.values())) + str(list(AuditEntry.objects.values()))
        assert secret not in kept
        assert secret[12:] not in kept
        assert token.prefix == secret[:12]

    def test_each_call_makes_another_token(self, moveis):
        assert self.make() != self.make()

    def test_several_scopes_are_separated_by_commas(self, moveis):
        self.make(scopes=" team:read , audit:read,")

        assert ApiToken.objects.get().scopes == ["team:read", "audit:read"]

    def test_unknown_scope_is_refused_with_the_known_ones(self, moveis):
        with pytest.raises(CommandError, match=r"team:write.*audit:read, team:read"):
            self.make(scopes="team:read,team:write")

        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize("scopes", ["", ",", " "])
    def test_token_without_scopes_is_refused(self, moveis, scopes):
        with pytest.raises(CommandError):
            self.make(scopes=scopes)

        assert not ApiToken.objects.exists()

    def test_unknown_company_is_refused_with_the_known_ones(self, moveis, cosmeticos):
        with pytest.raises(CommandError, match=r"“movei”.*cosmeticos, moveis"):
            self.make(tenant="movei")

    @pytest.mark.parametrize("name", ["", "x" * 81])
    def test_impossible_name_is_refused(self, moveis, name):
        with pytest.raises(CommandError):
            self.make(name=name)

        assert not ApiToken.objects.exists()

    @pytest.mark.parametrize("left_out", ["--name", "--scopes"])
    def test_missing_option_is_named(self, moveis, left_out):
        options = {"--name": "Odoo", "--scopes": "team:read"}
        given = [
            word for name, value in options.items() if name != left_out for word in (name, value)
        ]

        with pytest.raises(CommandError, match=left_out):
            run("api_token", "moveis", *given)

    def test_making_it_is_recorded_for_the_company(self, moveis):
        self.make()

        entry = AuditEntry.objects.get(object_type="tenants.apitoken")
        assert (entry.action, entry.tenant) == ("created", moveis)
        assert entry.changes["scopes"] == [None, ["team:read"]]
