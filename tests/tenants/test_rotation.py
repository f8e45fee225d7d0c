"""Keys are changed while everything runs; a run that is killed at any point is simply run again."""

import base64
import io
import os
import secrets
import signal
import subprocess
import sys
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from tenants import credentials
from tenants.credentials import UnknownCredentialError, UnreadableCredentialError, reveal, store
from tenants.models import AuditEntry, Credential, DataKey, InstallationCredential, InstallationKey
from tenants.models.credential import Kind
from tenants.vault import encryption, rotation, sealing
from tests.factories import CredentialFactory, InstallationCredentialFactory, TenantFactory
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(rotation, "CHUNK", 2)


def run(*words, **options):
    output = io.StringIO()
    call_command(*words, stdout=output, stderr=output, **options)
    return output.getvalue()


@pytest.fixture
def texts(moveis, cosmeticos):
    """What is stored, by company and reference."""
    encryption.make_installation_key()
    found = {}
    for tenant in (moveis, cosmeticos):
        for number in range(5):
            ref, text = f"ref-{number}", f"{tenant.slug}-secret-{number}"
            store(tenant, ref, text, kind=Kind.GENERIC)
            found[tenant, ref] = text
    InstallationCredentialFactory(ref="shared", secret="of-the-operator", offer="all")
    found[moveis, "shared"] = "of-the-operator"
    return found


@pytest.fixture
def new_master(settings):
    """A fresh master key in front of the present one."""
    former = settings.MASTER_KEYS
    settings.MASTER_KEYS = (("new", secrets.token_bytes(32)), *former)
    return former


def unreadable(texts):
    return {key for key, text in texts.items() if reveal(key[0], key[1], purpose="x").text != text}


class TestMasterKey:
    def test_all_keys_come_under_the_first_one(self, texts, new_master, settings):
        output = run("rotate_keys")
        settings.MASTER_KEYS = settings.MASTER_KEYS[:1]

        assert "Keys not protected by master key “new” yet: 0" in output
        assert encryption.keys_by_master() == {"new": 3}
        assert not unreadable(texts)

    def test_secrets_stay_as_they_are(self, texts, new_master):
        before = list(Credential.objects.order_by("pk").values())
        run("rotate_keys")

        assert list(Credential.objects.order_by("pk").values()) == before

    def test_again_changes_nothing(self, texts, new_master):
        run("rotate_keys")
        before = AuditEntry.objects.count()
        run("rotate_keys")

        assert AuditEntry.objects.count() == before

    def test_one_company_alone(self, texts, moveis, new_master):
        output = run("rotate_keys", "--tenant", "moveis")

        assert DataKey.objects.get(tenant=moveis).master_id == "new"
        assert encryption.keys_under_old_master() == 2
        assert "Keys of others under an old master key: 2" in output

    def test_a_key_that_cannot_be_opened_is_named_and_the_others_go_on(
        self, texts, moveis, new_master
    ):
        DataKey.objects.filter(tenant=moveis).update(wrapped=b"\1" + b"x" * 60)
        output = io.StringIO()
        with pytest.raises(CommandError, match="Keep the old keys"):
            call_command("rotate_keys", stdout=output, stderr=output)

        assert "moveis data key 1: " in output.getvalue()
        assert encryption.keys_by_master()["new"] == 2


class TestDataKeys:
    def test_every_secret_comes_under_a_new_key(self, texts):
        before = dict(Credential.objects.values_list("pk", "ciphertext"))
        output = run("rotate_keys", "--data-keys")

        after = dict(Credential.objects.values_list("pk", "ciphertext"))
        assert all(after[pk] != before[pk] for pk in before)
        assert {sealing.key_number(text) for text in after.values()} == {2}
        assert sealing.key_number(InstallationCredential.objects.get().ciphertext) == 2
        assert "moveis: secrets under an old data key: 0" in output
        assert not unreadable(texts)

    def test_old_keys_are_dropped(self, texts):
        run("rotate_keys", "--data-keys")

        assert set(DataKey.objects.values_list("number", "retired_at")) == {(2, None)}
        assert InstallationKey.objects.get().number == 2

    def test_it_is_no_change_of_the_secrets(self, texts):
        dates = list(Credential.objects.order_by("pk").values_list("updated_at"))
        run("rotate_keys", "--data-keys")

        assert list(Credential.objects.order_by("pk").values_list("updated_at")) == dates
        assert not AuditEntry.objects.filter(
            object_type="tenants.credential", action="changed"
        ).exists()

    def test_a_company_without_secrets_gets_no_key(self, moveis):
        run("rotate_keys", "--data-keys")

        assert not DataKey.objects.exists()

    def test_one_company_alone(self, texts, moveis, cosmeticos):
        run("rotate_keys", "--data-keys", "--tenant", "moveis")

        assert DataKey.objects.get(tenant=moveis).number == 2
        assert DataKey.objects.get(tenant=cosmeticos).number == 1

    def test_what_cannot_be_read_is_named_and_its_key_is_kept(self, texts, moveis):
        row = Credential.objects.get(tenant=moveis, ref="ref-3")
        altered = row.ciphertext[:-1] + bytes([row.ciphertext[-1] ^ 1])
        Credential.objects.filter(pk=row.pk).note(ciphertext=altered)
        output = io.StringIO()
        with pytest.raises(CommandError):
            call_command("rotate_keys", "--data-keys", stdout=output, stderr=output)

        assert "moveis ref-3: It was altered" in output.getvalue()
        assert "moveis: secrets under an old data key: 1" in output.getvalue()
        assert set(DataKey.objects.filter(tenant=moveis).values_list("number", flat=True)) == {1, 2}

    def test_a_reader_who_read_the_row_before_still_gets_the_secret(self, texts, moveis):
        row = Credential.objects.get(tenant=moveis, ref="ref-1")
        run("rotate_keys", "--data-keys")

        assert credentials._open(row).text == "moveis-secret-1"

    def test_who_saves_a_row_read_before_does_not_bring_the_old_secret_back(self, texts, moveis):
        row = Credential.objects.get(tenant=moveis, ref="ref-1")
        run("rotate_keys", "--data-keys")
        row.label = "Renamed"
        row.save()

        assert Credential.objects.get(pk=row.pk).label == "Renamed"
        assert not unreadable(texts)

    def test_a_secret_that_is_stored_meanwhile_is_not_overwritten(self, texts, moveis, monkeypatch):
        encrypt = encryption.encrypt

        def store_in_between(row, field, text):
            monkeypatch.setattr(encryption, "encrypt", encrypt)
            store(moveis, row.ref, "newer-than-that", kind=Kind.GENERIC)
            return encrypt(row, field, text)

        monkeypatch.setattr(encryption, "encrypt", store_in_between)
        rotation.renew(moveis, progress=lambda done: None)

        newer = [k for k in range(5) if reveal(moveis, f"ref-{k}", purpose="x").text[:5] == "newer"]
        assert len(newer) == 1
        assert not rotation.rows_under_old_keys(moveis)


class Killed(BaseException):
    """What nothing catches."""


class TestInterruption:
    @pytest.mark.parametrize("steps", range(1, 12))
    def test_the_next_run_ends_what_was_begun(self, texts, moveis, new_master, monkeypatch, steps):
        """Ended at the n-th piece of work, whichever that is."""
        left = [steps]

        def watched(step):
            def work(*args, **options):
                left[0] -= 1
                if left[0] <= 0:
                    raise Killed
                return step(*args, **options)

            return work

        with monkeypatch.context() as patched:
            for name in ("_rewrap_one", "_encrypt_again", "_drop_unused_keys"):
                patched.setattr(rotation, name, watched(getattr(rotation, name)))
            with pytest.raises(Killed):
                run("rotate_keys", "--data-keys")
        halfway = unreadable(texts)
        run("rotate_keys", "--data-keys")

        assert not halfway
        assert not unreadable(texts)
        assert encryption.keys_under_old_master() == 0
        assert set(DataKey.objects.values_list("retired_at", flat=True)) == {None}
        assert not rotation.rows_under_old_keys(moveis)


class TestErasure:
    def test_keys_and_credentials_are_gone(self, texts, moveis, cosmeticos):
        output = run("erase_secrets", "moveis", "--yes")

        assert "Erased: 5 credentials and all keys." in output
        assert not DataKey.objects.filter(tenant=moveis).exists()
        assert Credential.objects.for_tenant(cosmeticos).count() == 5
        with pytest.raises(UnknownCredentialError):
            reveal(moveis, "ref-1", purpose="x")

    def test_rows_of_a_backup_can_no_longer_be_read(self, texts, moveis):
        rows = list(Credential.objects.for_tenant(moveis))
        run("erase_secrets", "moveis", "--yes")
        Credential.objects.bulk_create(rows)

        with pytest.raises(UnreadableCredentialError, match="was destroyed"):
            reveal(moveis, "ref-1", purpose="x")

    def test_reader_that_was_on_its_way_is_told_in_words(self, texts, moveis):
        row = Credential.objects.for_tenant(moveis).first()
        run("erase_secrets", "moveis", "--yes")

        assert not credentials.is_readable(row)

    def test_nor_under_the_key_that_is_made_next(self, texts, moveis):
        rows = list(Credential.objects.for_tenant(moveis))
        run("erase_secrets", "moveis", "--yes")
        Credential.objects.bulk_create(rows)
        store(moveis, "fresh", "a-new-secret", kind=Kind.GENERIC)

        assert reveal(moveis, "fresh", purpose="x").text == "a-new-secret"
        with pytest.raises(UnreadableCredentialError):
            reveal(moveis, "ref-1", purpose="x")

    def test_it_is_written_down(self, texts, moveis):
        run("erase_secrets", "moveis", "--yes")

        assert AuditEntry.objects.filter(action="secrets erased", tenant=moveis).exists()

    @pytest.mark.parametrize("answer", ["", "cosmeticos", "yes"])
    def test_another_word_erases_nothing(self, texts, answer, monkeypatch):
        monkeypatch.setattr("builtins.input", lambda question: answer)
        with pytest.raises(CommandError, match="Nothing was erased"):
            run("erase_secrets", "moveis")

        assert not unreadable(texts)

    def test_the_short_name_erases(self, texts, monkeypatch):
        monkeypatch.setattr("builtins.input", lambda question: "moveis")

        assert "Erased" in run("erase_secrets", "moveis")

    @pytest.mark.parametrize("words", [(), ("moveis", "--lost")])
    def test_one_of_both_is_named(self, words, moveis):
        with pytest.raises(CommandError, match="Name either"):
            run("erase_secrets", *words)

    def test_platform_admin_erases_on_a_page(self, texts, moveis, platform_admin, signed_in):
        page = signed_in(platform_admin)
        address = f"/admin/tenants/tenant/{moveis.pk}/erase-secrets"
        asked = page.get(address, follow=True)
        still = Credential.objects.for_tenant(moveis).count()
        page.post(asked.request["PATH_INFO"])

        assert (asked.status_code, still) == (200, 5)
        assert not Credential.objects.for_tenant(moveis).exists()

    def test_owner_does_not(self, texts, moveis, helena, signed_in):
        page = signed_in(helena)
        page.raise_request_exception = False
        shown = page.get(f"/admin/tenants/tenant/{moveis.pk}/change/").content.decode()
        page.post(f"/admin/tenants/tenant/{moveis.pk}/erase-secrets")
        page.post(f"/admin/tenants/tenant/{moveis.pk}/erase-secrets/")

        assert "erase-secrets" not in shown
        assert Credential.objects.for_tenant(moveis).count() == 5


class TestLostMasterKey:
    def test_lost_keys_are_given_up_and_the_rest_stays(self, texts, moveis, cosmeticos, settings):
        former = settings.MASTER_KEYS
        settings.MASTER_KEYS = (("new", secrets.token_bytes(32)), *former)
        run("rotate_keys", "--tenant", "cosmeticos")
        settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
        output = run("erase_secrets", "--lost", "--yes")

        assert "Erased: 2 keys" in output
        assert not Credential.objects.for_tenant(moveis).exists()
        assert reveal(cosmeticos, "ref-1", purpose="x").text == "cosmeticos-secret-1"
        encryption.check_keys()

    def test_nothing_is_lost_while_all_open(self, texts):
        assert "nothing is lost" in run("erase_secrets", "--lost", "--yes")
        assert not unreadable(texts)


PREPARE = """
import django, sys
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tenants.vault import encryption
from tenants.credentials import store
from tenants.models import Tenant
tenant = Tenant.objects.create(slug="moveis", name="Moveis")
encryption.make_installation_key()
for number in range(450):
    store(tenant, f"ref-{number}", f"secret-{number}", kind="generic")
"""
LOOK = """
import django
django.setup()
from tenants.vault import rotation
from tenants.credentials import reveal
from tenants.models import DataKey, Tenant
tenant = Tenant.objects.get()
wrong = [n for n in range(450) if reveal(tenant, f"ref-{n}", purpose="x").text != f"secret-{n}"]
keys = list(DataKey.objects.values_list("number", "master_id"))
print(len(wrong), rotation.rows_under_old_keys(tenant), keys)
"""


class TestKill:
    def test_a_killed_process_leaves_every_secret_readable(self, tmp_path):
        keys = [f"{n}:{base64.b64encode(os.urandom(32)).decode()}" for n in ("new", "old")]

        def environment(*used):
            return clean_environment(
                DATA_DIR=str(tmp_path),
                MASTER_KEYS=",".join(used),
                DJANGO_SETTINGS_MODULE="chatwoot_ai.settings",
                LOG_LEVEL="error",
            )

        def python(*words, used=keys):
            return subprocess.run(
                [sys.executable, *words],
                cwd=ROOT,
                env=environment(*used),
                capture_output=True,
                text=True,
                check=True,
                timeout=PATIENCE_SECONDS,
            ).stdout

        python("-c", PREPARE, used=keys[1:])
        running = subprocess.Popen(
            [sys.executable, "manage.py", "rotate_keys", "--data-keys"],
            cwd=ROOT,
            env=environment(*keys),
            stdout=subprocess.PIPE,
            text=True,
        )
        for line in running.stdout:
            if line.startswith("moveis: ") and ": 200" in line:
                break
        running.send_signal(signal.SIGKILL)
        running.wait()
        halfway = python("-c", LOOK).split()
        python("manage.py", "rotate_keys", "--data-keys")
        after = python("-c", LOOK, used=keys[:1])

        assert halfway[0] == "0"
        assert 0 < int(halfway[1]) < 450
        assert after.strip() == "0 0 [(2, 'new')]"


@pytest.mark.skipif(
    "TEST_ON_DATABASE_URL" not in os.environ, reason="SQLite has one writer at a time"
)
def test_writers_beside_a_rotation_lose_nothing(transactional_db):
    """None of them ends under a key that was dropped."""
    moveis = TenantFactory(slug="moveis")
    for number in range(20):
        CredentialFactory(tenant=moveis, ref=f"ref-{number}", secret="first-value")
    stop = threading.Event()

    def write():
        count = 0
        while not stop.is_set():
            store(moveis, f"ref-{count % 20}", f"value-{count}", kind=Kind.GENERIC)
            count += 1
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _round in range(5):
            rotation.renew(moveis, progress=lambda done: None)
    finally:
        stop.set()
        writer.join()

    read = [reveal(moveis, f"ref-{number}", purpose="x").text for number in range(20)]
    assert any(text.startswith("value-") for text in read)
