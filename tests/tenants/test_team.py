"""How a person comes into a team: by e-mail, with a link that works once."""

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from tenants.access import Role
from tenants.models import AuditEntry, Membership, User
from tenants.people import team
from tests.factories import PASSWORD, UserFactory

NEW_PASSWORD = "um-cavalo-bem-certo"


def choose_password(client, path, password=NEW_PASSWORD):
    """Follow the link, as a browser does, and choose a password."""
    page = client.get(path, follow=True)
    if not page.redirect_chain:
        return page
    given = {"new_password1": password, "new_password2": password}
    return client.post(page.redirect_chain[-1][0], given)


def sign_in(client, email, password):
    return client.post("/admin/login/", {"username": email, "password": password})


def test_new_person_is_made_and_gets_a_link(moveis):
    invitation = team.invite(moveis, email="Rita@Moveis.example ", role=Role.AGENT, name="Rita")

    person = invitation.membership.user
    assert (person.email, person.name) == ("rita@moveis.example", "Rita")
    assert (invitation.membership.tenant, invitation.membership.role) == (moveis, Role.AGENT)
    assert not person.has_usable_password()
    assert invitation.password_path.startswith("/admin/password/")


def test_new_person_speaks_the_companys_language(moveis):
    moveis.language = "en"

    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)

    assert invitation.membership.user.language == "en"


def test_known_person_joins_as_they_are_and_gets_no_link(moveis, beatriz):
    invitation = team.invite(moveis, email=beatriz.email.upper(), role=Role.VIEWER, name="Bia")

    beatriz.refresh_from_db()
    assert invitation.password_path == ""
    assert beatriz.name == "Beatriz"
    assert beatriz.memberships.count() == 2
    assert sign_in_works(beatriz)


def sign_in_works(user):
    return user.check_password(PASSWORD)


def test_second_invitation_is_refused_and_changes_nothing(moveis, helena):
    with pytest.raises(ValidationError):
        team.invite(moveis, email=helena.email, role=Role.VIEWER)

    assert Membership.objects.get(tenant=moveis, user=helena).role == Role.OWNER


@pytest.mark.parametrize("email", ["", "no address", "a@b", "x" * 300 + "@example.com"])
def test_wrong_address_makes_nobody(moveis, email):
    with pytest.raises(ValidationError):
        team.invite(moveis, email=email, role=Role.AGENT)

    assert not User.objects.exists()


def test_unknown_role_makes_nobody(moveis):
    with pytest.raises(ValidationError):
        team.invite(moveis, email="rita@moveis.example", role="boss")

    assert not User.objects.exists()


def test_link_lets_a_person_choose_a_password_and_sign_in(moveis, client):
    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)

    choose_password(client, invitation.password_path)

    assert sign_in(client, "rita@moveis.example", NEW_PASSWORD).status_code == 302
    assert client.get("/admin/").context["access"].tenant == moveis


def test_link_works_once(moveis, client):
    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)
    choose_password(client, invitation.password_path)

    page = choose_password(client, invitation.password_path, "outra-senha-comprida")

    assert "já foi usado" in page.content.decode()
    assert sign_in(client, "rita@moveis.example", "outra-senha-comprida").status_code == 200


@pytest.mark.parametrize(("days", "works"), [(2.9, True), (3.1, False)])
def test_link_works_for_three_days(moveis, client, days, works):
    with time_machine.travel("2026-07-01T12:00:00Z", tick=False) as clock:
        invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)
        clock.shift(days * 24 * 60 * 60)

        choose_password(client, invitation.password_path)

    person = User.objects.get(email="rita@moveis.example")
    assert person.has_usable_password() is works


def test_link_of_one_person_is_none_for_another(moveis, client, helena):
    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)
    token = invitation.password_path.rstrip("/").rpartition("/")[2]
    uid = team.password_path(helena).split("/")[3]

    page = choose_password(client, f"/admin/password/{uid}/{token}/")

    helena.refresh_from_db()
    assert page.status_code == 200
    assert helena.check_password(PASSWORD)


@pytest.mark.parametrize("path", ["x/y", "MQ/x-y", "MTAwMDA/abc-def"])
@pytest.mark.django_db
def test_made_up_link_says_what_to_do(client, path):
    page = client.get(f"/admin/password/{path}/", follow=True)

    assert page.status_code == 200
    assert "Peça" in page.content.decode()


def test_link_does_not_leak_to_other_sites(moveis, client):
    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)

    page = client.get(invitation.password_path, follow=True)

    assert page.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert "no-cache" in page.headers["Cache-Control"]
    assert invitation.password_path.rstrip("/").rpartition("/")[2] not in page.redirect_chain[-1][0]


@pytest.mark.parametrize("password", ["curta", "12345678901", "password123", "rita@moveis.example"])
def test_weak_password_is_refused(moveis, client, password):
    invitation = team.invite(moveis, email="rita@moveis.example", role=Role.AGENT)

    page = choose_password(client, invitation.password_path, password)

    assert page.status_code == 200
    assert not User.objects.get(email="rita@moveis.example").has_usable_password()


def test_owner_invites_on_the_team_page(signed_in, helena, moveis):
    page = signed_in(helena).post(
        "/admin/tenants/membership/add/",
        {"email": "rita@moveis.example", "name": "Rita", "role": "agent"},
    )

    invited = Membership.objects.get(user__email="rita@moveis.example")
    assert (invited.tenant, invited.role) == (moveis, Role.AGENT)
    assert "/admin/password/" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_owner_learns_nothing_about_a_person_of_another_company(signed_in, helena, beatriz):
    signed_in(helena).post(
        "/admin/tenants/membership/add/",
        {"email": beatriz.email, "name": "Someone else", "role": "agent"},
    )

    beatriz.refresh_from_db()
    assert beatriz.name == "Beatriz"
    assert sign_in_works(beatriz)


def test_invitation_is_recorded_for_the_company(signed_in, helena, moveis):
    signed_in(helena).post(
        "/admin/tenants/membership/add/",
        {"email": "rita@moveis.example", "name": "Rita", "role": "agent"},
    )

    entry = AuditEntry.objects.get(
        object_type="tenants.membership", action="created", actor_id=helena.pk
    )
    assert entry.tenant == moveis
    assert entry.changes["role"] == [None, "agent"]


def test_double_invitation_is_answered_in_words(signed_in, helena):
    page = signed_in(helena).post(
        "/admin/tenants/membership/add/", {"email": helena.email, "name": "", "role": "agent"}
    )

    assert page.status_code == 200
    assert "já faz parte da equipe" in page.content.decode()


def test_person_cannot_end_or_change_the_own_membership(signed_in, helena):
    own = helena.memberships.get()
    client = signed_in(helena)

    client.post(f"/admin/tenants/membership/{own.pk}/change/", {"role": "viewer"})
    client.post(f"/admin/tenants/membership/{own.pk}/delete/", {"post": "yes"})
    client.post(
        "/admin/tenants/membership/",
        {"action": "delete_selected", "_selected_action": [own.pk], "post": "yes"},
    )

    own.refresh_from_db()
    assert own.role == Role.OWNER


def test_address_of_an_inactive_person_gets_no_way_in(moveis, client):
    inactive = UserFactory(email="ex@moveis.example", is_active=False)

    invitation = team.invite(moveis, email=inactive.email, role=Role.OWNER)

    assert invitation.password_path == ""
    assert sign_in(client, inactive.email, PASSWORD).status_code == 200


def test_second_of_two_simultaneous_invitations_is_told_and_not_broken(
    moveis, helena, signed_in, monkeypatch
):
    def somebody_was_faster(*_args, **_options):
        raise IntegrityError

    monkeypatch.setattr(team, "invite", somebody_was_faster)
    body = {"email": "nova@moveis.example", "name": "Nova", "role": Role.AGENT}

    answer = signed_in(helena).post("/admin/tenants/membership/add/", body)

    assert (answer.status_code, answer.url) == (302, "/admin/tenants/membership/")
