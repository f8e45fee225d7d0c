"""Every change of a configured row is written down, whichever way it is made; secrets never are."""

import datetime
import json

import pytest
from django.contrib.auth.signals import user_login_failed
from django.db import connection, models, transaction

from tenants import audit
from tenants.audit import Action
from tenants.fields import DocumentField
from tenants.models import AuditEntry
from tenants.models.audit_entry import AppendOnlyError
from tests.architecture.test_isolation import our_models
from tests.factories import FACTORIES, LampFactory, RoomFactory, TagFactory, UserFactory
from tests.sample.models import Room

# Rows that are a record of something themselves, each with the reason.
NOT_AUDITED = {
    "tenants.AuditEntry": "is the audit log",
    "tenants.Spending": "a count that changes with every call of a model",
    "tenants.ConfigurationVersion": "is a record of changes",
    "tenants.DomainsVersion": "a number that follows changes",
    "tenants.UnmappedChannel": "counts what came in",
    "tenants.CredentialAccess": "is the record of each use of a secret",
    "integrations.RemoteCall": "is a record of a call",
    "integrations.LlmCall": "is a record of a call",
    "integrations.UsageMail": "notes that a mail was sent",
    "integrations.Breaker": "what the cache decided, told to staff",
    "crews.Conversation": "follows what happens in Chatwoot; what staff decide is recorded",
    "crews.InboundEvent": "is the record of what came in",
    "crews.OutboundMessage": "is the record of what went out",
    "crews.Turn": "is the record of an answer",
    "crews.Alarm": "is the record of what went wrong",
    "knowledge.Passage": "is made of rows whose changes are recorded",
    "knowledge.Index": "follows the passages, many times a minute",
    "knowledge.Errand": "is a question between processes, gone when it is answered",
    "knowledge.Upload": "is kept until it is read",
    "knowledge.UploadPart": "is a piece of such a file",
    "knowledge.Import": "is the record of an import; the rows it writes are recorded",
    "knowledge.ImportProblem": "is a part of such a record",
    "knowledge.PageReport": "is the record of a visit; the pages it writes are recorded",
    "knowledge.Space": "follows what the index does",
    "chatwoot_ai.Pulse": "a sign of life, twice a minute",
}

CANARY = "canary-7f3b9d"


def entries_about(row):
    return list(AuditEntry.objects.about(row).order_by("pk"))


def test_every_model_is_watched_or_says_why_not():
    unwatched = {model._meta.label for model in our_models() if not audit.is_watched(model)}

    assert unwatched == set(NOT_AUDITED)


def another_value(row):
    """A recorded field that holds no secret, and something else to write into it."""
    for column in row._meta.concrete_fields:
        if isinstance(column, DocumentField):
            return column.name, {"changed": "by hand"}
        if isinstance(column, models.TimeField):
            return column.name, datetime.time(3)
        is_text = isinstance(column, models.CharField) and not audit.is_secret(column)
        if is_text and column.name in row.audited_field_names():
            if not column.choices:
                return column.name, "changed-by-hand"[: column.max_length]
            others = [key for key, _label in column.choices if key != getattr(row, column.name)]
            return column.name, others[0]
    raise AssertionError(f"{row} has no field to change")


@pytest.mark.parametrize(
    "model", [m for m in FACTORIES if audit.is_watched(m)], ids=lambda m: m.__name__
)
def test_creating_changing_and_deleting_is_recorded(model, db):
    row = FACTORIES[model]()
    name, value = another_value(row)
    setattr(row, name, value)
    row.save()
    key = row.pk
    row.delete()

    row.pk = key
    assert [entry.action for entry in entries_about(row)] == [
        Action.CREATED,
        Action.CHANGED,
        Action.DELETED,
    ]


def test_bulk_statements_are_recorded(moveis):
    rooms = Room.objects.bulk_create([Room(tenant=moveis, name="a"), Room(tenant=moveis, name="b")])
    Room.objects.filter(tenant=moveis).update(name="c")
    rooms[0].name = "d"
    Room.objects.bulk_update(rooms[:1], ["name"])
    Room.objects.filter(tenant=moveis).delete()

    actions = [entry.action for entry in entries_about(Room(pk=rooms[0].pk or 1, tenant=moveis))]
    assert actions == [Action.CREATED, Action.CHANGED, Action.CHANGED, Action.DELETED]


def test_rows_that_go_with_their_company_are_recorded(moveis):
    room = RoomFactory(tenant=moveis)
    key = room.pk
    moveis.delete()

    assert [
        e.action for e in AuditEntry.objects.filter(object_type="sample.room", object_id=key)
    ] == [
        Action.CREATED,
        Action.DELETED,
    ]


def test_links_are_recorded(moveis):
    room, tag = RoomFactory(tenant=moveis), TagFactory(tenant=moveis)
    room.tags.add(tag)

    assert entries_about(room)[-1].changes == {"room_tags": ["add", [tag.pk]]}


def test_saving_without_a_change_records_nothing(moveis):
    lamp = LampFactory(tenant=moveis)
    lamp.save()

    assert len(entries_about(lamp)) == 1


def test_a_change_that_is_rolled_back_is_not_recorded(moveis):
    room = RoomFactory(tenant=moveis)
    room.name = "never"

    with transaction.atomic():
        room.save()
        transaction.set_rollback(True)

    assert len(entries_about(room)) == 1


def test_an_entry_says_who_from_where_and_what(helena, signed_in, moveis):
    room = RoomFactory(tenant=moveis, name="old")
    signed_in(helena).post(
        f"/admin/sample/room/{room.pk}/change/",
        {
            "name": "new",
            "lamps-TOTAL_FORMS": 0,
            "lamps-INITIAL_FORMS": 0,
        },
        REMOTE_ADDR="203.0.113.9",
        headers={"X-Request-ID": "request-12345"},
    )

    entry = entries_about(room)[-1]
    assert entry.changes == {"name": ["old", "new"]}
    assert (entry.actor_label, entry.via, entry.address) == (
        "Helena <helena@moveis.example>",
        "admin",
        "203.0.113.9",
    )
    assert (entry.request_id, entry.tenant_id) == ("request-12345", moveis.pk)


def test_entries_cannot_be_changed_or_deleted_by_code(moveis):
    entry = AuditEntry.objects.first()
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(action=Action.DELETED),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE tenants_auditentry SET action = 'x'", "DELETE FROM tenants_auditentry"],
)
def test_the_database_itself_refuses_to_rewrite_entries(moveis, statement):
    with pytest.raises(Exception, match="added, not changed"), transaction.atomic():
        connection.cursor().execute(statement)


def test_entries_outlive_their_company(moveis):
    key = moveis.pk
    moveis.delete()

    assert AuditEntry.objects.filter(tenant_id=key, action=Action.DELETED).exists()


def test_tries_during_a_lock_out_do_not_fill_the_log(rf, db):
    request = rf.post("/admin/login/")
    request.axes_locked_out = True
    user_login_failed.send(sender=None, credentials={"username": "x"}, request=request)

    assert not AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).exists()


@pytest.fixture
def canaries(moveis, platform_admin):
    """Secrets in every place that takes one."""
    from django_otp.plugins.otp_static.models import StaticDevice
    from django_otp.plugins.otp_totp.models import TOTPDevice

    from tests.factories import token_for

    user = UserFactory(email="canary@example.com", password=f"{CANARY}-password")
    room = RoomFactory(tenant=moveis, api_secret=f"{CANARY}-secret")
    room.api_secret = f"{CANARY}-other"
    room.save()
    Room.objects.filter(pk=room.pk).update(api_secret=f"{CANARY}-bulk")
    token, text = token_for(moveis, "team:read")
    device = TOTPDevice.objects.create(user=user, confirmed=False, name="app")
    device.confirmed = True
    device.save()
    StaticDevice.objects.create(user=user, name="r").token_set.create(token=f"{CANARY}code"[:16])
    return [CANARY, text, token.digest, device.key, user.password]


def test_no_secret_is_in_the_audit_log(canaries):
    log = json.dumps(list(AuditEntry.objects.values()), default=str)

    assert [secret for secret in canaries if secret in log] == []
    assert '"api_secret": ["\\u2022\\u2022\\u2022", "\\u2022\\u2022\\u2022"]' in log


def test_no_secret_is_on_a_page_or_in_an_export(canaries, platform_admin, signed_in, moveis):
    page = signed_in(platform_admin)
    shown = []
    for model in (m for m in FACTORIES if m._meta.app_label != "sample"):
        meta = model._meta
        address = f"/admin/{meta.app_label}/{meta.model_name}/"
        keys = list(model.objects.values_list("pk", flat=True))
        export = {"action": "export_as_csv", "_selected_action": keys, "index": 0}
        shown.append(page.get(address).content.decode())
        shown.append(page.post(address, export).content.decode())
        for key in keys:
            shown.append(page.get(f"{address}{key}/change/").content.decode())
            shown.append(page.get(f"{address}{key}/history/").content.decode())

    assert [secret for secret in canaries if any(secret in text for text in shown)] == []


def test_no_secret_is_in_the_words_for_a_row(canaries):
    for model in FACTORIES:
        for row in model.objects.all():
            assert not any(secret in f"{row!s} {row!r}" for secret in canaries), model


def test_no_secret_is_in_the_logs(canaries, capfd, signed_in, platform_admin):
    import logging

    from chatwoot_ai.logs import JsonFormatter, MaskingFilter

    handler = logging.StreamHandler()
    handler.addFilter(MaskingFilter())
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("canary")
    logger.addHandler(handler)
    try:
        raise ValueError(f"password={CANARY}-in-error")
    except ValueError:
        logger.exception("Sign-in with token=%s failed", canaries[1])
    finally:
        logger.removeHandler(handler)

    assert not any(secret in capfd.readouterr().err for secret in (canaries[1], CANARY))
