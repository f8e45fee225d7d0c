"""From account and inbox to the company, the most specific mapping first."""

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from tenants import configuration, resolution
from tenants.models import ChannelMapping, ChatwootInstallation, UnmappedChannel
from tests.factories import ChannelMappingFactory

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)


@pytest.fixture
def chatwoot():
    return ChatwootInstallation.objects.create(name="Chatwoot", base_url="https://chat.example/")


def resolve(installation, account, inbox):
    return resolution.resolve(
        installation, account_id=account, inbox_id=inbox, event="message_created", now=NOW
    ).tenant


def test_inbox_wins_over_its_account(chatwoot, moveis, cosmeticos):
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1)
    ChannelMappingFactory(tenant=cosmeticos, installation=chatwoot, account_id=1, inbox_id=7)

    assert resolve(chatwoot, 1, 7) == cosmeticos
    assert resolve(chatwoot, 1, 8) == moveis
    assert resolve(chatwoot, 1, None) == moveis


def test_numbers_of_another_installation_are_others(chatwoot, moveis, cosmeticos):
    other = ChatwootInstallation.objects.create(name="Other")
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1)
    ChannelMappingFactory(tenant=cosmeticos, installation=other, account_id=1)

    assert (resolve(chatwoot, 1, 2), resolve(other, 1, 2)) == (moveis, cosmeticos)


def test_look_up_is_one_query(chatwoot, moveis, django_assert_num_queries):
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1)

    with django_assert_num_queries(1):
        resolve(chatwoot, 1, 7)


def test_unmapped_source_is_counted_once_per_inbox(chatwoot):
    for _ in range(3):
        with pytest.raises(resolution.UnknownInboxError):
            resolve(chatwoot, 5, 6)

    row = UnmappedChannel.objects.get()
    assert (row.events, row.account_id, row.inbox_id) == (3, 5, 6)
    assert (row.last_event, row.last_seen_at) == ("message_created", NOW)


def test_mapping_the_account_ends_its_unmapped_inboxes(chatwoot, moveis):
    for inbox in (6, None):
        with pytest.raises(resolution.UnknownInboxError):
            resolve(chatwoot, 5, inbox)
    with pytest.raises(resolution.UnknownInboxError):
        resolve(chatwoot, 9, 1)

    channels = [{"installation": "Chatwoot", "account": 5}]
    configuration.write(moveis, {"channels": channels})

    assert list(UnmappedChannel.objects.values_list("account_id", flat=True)) == [9]


def test_page_of_an_unmapped_source_leads_to_a_filled_form(
    chatwoot, platform_admin, signed_in, moveis
):
    with pytest.raises(resolution.UnknownInboxError):
        resolve(chatwoot, 5, 6)
    page = signed_in(platform_admin)
    row = UnmappedChannel.objects.get()

    form = page.get(f"/admin/tenants/unmappedchannel/{row.pk}/map/", follow=True)
    values = form.context["adminform"].form.initial
    body = {**values, "tenant": moveis.pk, "name": "WhatsApp"}
    body = {key: value for key, value in body.items() if value is not None}
    answer = page.post("/admin/tenants/channelmapping/add/", body)

    assert answer.status_code == 302
    assert resolve(chatwoot, 5, 6) == moveis
    assert not UnmappedChannel.objects.exists()


@pytest.mark.parametrize("inbox", [None, 3])
def test_account_or_inbox_has_one_company(inbox, chatwoot, moveis, cosmeticos):
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1, inbox_id=inbox)

    with pytest.raises(IntegrityError):
        ChannelMappingFactory(
            tenant=cosmeticos, installation=chatwoot, account_id=1, inbox_id=inbox
        )


def test_number_below_one_is_refused(chatwoot, moveis):
    row = ChannelMapping(tenant=moveis, installation=chatwoot, account_id=0)

    with pytest.raises(ValidationError, match="1"):
        row.full_clean()


def test_plan_limits_the_number_of_channels(chatwoot, moveis):
    moveis.most_channels = 1
    moveis.save()
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1)

    with pytest.raises(ValidationError, match="1"):
        ChannelMapping(tenant=moveis, installation=chatwoot, account_id=2).full_clean()


def test_address_of_an_installation_is_kept_without_slash(chatwoot):
    assert chatwoot.base_url == "https://chat.example"


def test_company_adds_inboxes_of_its_accounts_and_no_others(
    chatwoot, moveis, cosmeticos, helena, signed_in
):
    ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1)
    ChannelMappingFactory(tenant=cosmeticos, installation=chatwoot, account_id=2)
    page = signed_in(helena)

    def add(account, inbox):
        body = {"installation": chatwoot.pk, "account_id": account, "inbox_id": inbox, "name": ""}
        return page.post("/admin/tenants/channelmapping/add/", body).status_code

    assert (add(1, 4), add(2, 4), add(3, ""), add(1, "")) == (302, 200, 200, 200)


def test_company_cannot_move_a_channel_to_another_account(
    chatwoot, moveis, cosmeticos, helena, signed_in
):
    row = ChannelMappingFactory(tenant=moveis, installation=chatwoot, account_id=1, inbox_id=4)

    body = {"installation": chatwoot.pk, "account_id": 2, "inbox_id": 9, "name": "mine"}
    signed_in(helena).post(f"/admin/tenants/channelmapping/{row.pk}/change/", body)

    row.refresh_from_db()
    assert (row.account_id, row.inbox_id, row.name) == (1, 4, "mine")
