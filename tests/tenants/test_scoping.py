"""A row neither leaves its company nor points to another company's row, however it is written."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from tenants.access import NO_ACCESS, Access
from tenants.scoping import ForeignTenantError
from tests.factories import LampFactory, RoomFactory, TagFactory
from tests.sample.models import Lamp, Room


@pytest.fixture
def foreign_room(cosmeticos):
    return RoomFactory(tenant=cosmeticos, name="Theirs")


def test_saving_with_a_foreign_row_is_refused(moveis, foreign_room):
    with pytest.raises(ForeignTenantError):
        Lamp(tenant=moveis, name="x", room=foreign_room).save()


def test_saving_with_a_foreign_id_is_refused(moveis, foreign_room):
    with pytest.raises(ForeignTenantError):
        Lamp(tenant=moveis, name="x", room_id=foreign_room.pk).save()


def test_validation_names_the_field(moveis, foreign_room):
    with pytest.raises(ValidationError) as refusal:
        Lamp(tenant=moveis, name="x", room=foreign_room).full_clean()

    assert "room" in refusal.value.message_dict


def test_changing_the_tenant_is_refused(moveis, cosmeticos):
    room = Room.objects.get(pk=RoomFactory(tenant=moveis).pk)
    room.tenant = cosmeticos

    with pytest.raises(ForeignTenantError):
        room.save()


def test_bulk_update_of_the_tenant_is_refused(moveis, cosmeticos):
    RoomFactory(tenant=moveis)

    with pytest.raises(ForeignTenantError):
        Room.objects.filter(tenant=moveis).update(tenant=cosmeticos)


@pytest.mark.parametrize("key", ["room", "room_id"])
def test_bulk_update_to_a_foreign_row_is_refused(moveis, foreign_room, key):
    LampFactory(tenant=moveis)
    value = foreign_room if key == "room" else foreign_room.pk

    with pytest.raises(ForeignTenantError):
        Lamp.objects.filter(tenant=moveis).update(**{key: value})


def test_bulk_create_with_a_foreign_row_is_refused(moveis, foreign_room):
    with pytest.raises(ForeignTenantError):
        Lamp.objects.bulk_create([Lamp(tenant=moveis, name="x", room=foreign_room)])


def test_bulk_update_of_rows_with_a_foreign_row_is_refused(moveis, foreign_room):
    lamp = LampFactory(tenant=moveis)
    lamp.room = foreign_room

    with pytest.raises(ForeignTenantError):
        Lamp.objects.bulk_update([lamp], ["room"])


def test_linking_a_foreign_row_is_refused_from_both_sides(moveis, cosmeticos, foreign_room):
    mine, theirs = TagFactory(tenant=moveis), TagFactory(tenant=cosmeticos)
    room = RoomFactory(tenant=moveis)

    with pytest.raises(ForeignTenantError), transaction.atomic():
        room.tags.add(theirs)
    with pytest.raises(ForeignTenantError), transaction.atomic():
        mine.room_set.add(foreign_room)
    room.tags.add(mine)

    assert list(room.tags.all()) == [mine]


def test_reach_is_the_company_alone(moveis, cosmeticos):
    mine = RoomFactory(tenant=moveis)
    RoomFactory(tenant=cosmeticos)

    assert list(Room.objects.visible_to(Access(tenant=moveis))) == [mine]


def test_without_access_nothing_is_in_reach(moveis):
    RoomFactory(tenant=moveis)

    assert not Room.objects.visible_to(NO_ACCESS).exists()


def test_the_platform_reaches_every_company(moveis, cosmeticos):
    RoomFactory(tenant=moveis)
    RoomFactory(tenant=cosmeticos)

    assert Room.objects.visible_to(Access(is_platform=True)).count() == 2
