"""What is encrypted opens in its own place, with its own key, and nowhere else."""

import base64
import secrets

import pytest
from django.db import transaction
from django.utils import translation

from chatwoot_ai.settings.environment import Environment
from chatwoot_ai.settings.master_keys import MasterKeysError, parse_master_keys
from tenants import credentials
from tenants.credentials import UnreadableCredentialError, reveal, store
from tenants.models import AuditEntry, Credential, DataKey, InstallationKey
from tenants.models.credential import Kind
from tenants.vault import encryption, sealing
from tenants.vault.sealing import MasterKeyError, UnknownKeyError, UnreadableError
from tests.factories import CredentialFactory, InstallationCredentialFactory

TEXT = "canary-9b2e-secret"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def master(name="a"):
    return name, secrets.token_bytes(32)


@pytest.fixture
def row(moveis):
    return CredentialFactory(tenant=moveis, ref="odoo-main", secret=TEXT)


def decrypt(row):
    return encryption.decrypt(row, "ciphertext")


class TestPlace:
    def test_opens_in_its_own_row(self, row):
        assert decrypt(Credential.objects.get(pk=row.pk)) == TEXT

    def test_database_holds_nothing_of_it(self, row):
        assert TEXT.encode() not in bytes(row.ciphertext)

    def test_same_text_looks_different_each_time(self, row):
        before = row.ciphertext
        with transaction.atomic():
            credentials.put(row, TEXT)

        assert row.ciphertext != before

    def test_not_in_another_row_of_the_company(self, row, moveis):
        other = CredentialFactory(tenant=moveis)
        other.ciphertext = row.ciphertext

        with pytest.raises(UnreadableError, match="belongs to another row"):
            decrypt(other)

    def test_not_in_a_row_of_another_company(self, row, cosmeticos):
        other = CredentialFactory(tenant=cosmeticos)
        other.ciphertext = row.ciphertext

        with pytest.raises(UnreadableError, match="belongs to another row"):
            decrypt(other)

    def test_not_in_another_company_even_with_its_key(self, row, cosmeticos):
        """Whoever may write into the database moves key and row together."""
        key = DataKey.objects.get(tenant=row.tenant)
        DataKey.objects.filter(pk=key.pk).delete()
        DataKey.objects.bulk_create(
            [DataKey(tenant=cosmeticos, number=1, wrapped=key.wrapped, master_id=key.master_id)]
        )
        moved = Credential(pk=row.pk, tenant=cosmeticos, ciphertext=row.ciphertext)

        with pytest.raises(UnreadableError):
            decrypt(moved)

    def test_not_in_another_column(self, row, monkeypatch):
        row.label = row.ciphertext

        with pytest.raises(UnreadableError, match="belongs to another row"):
            encryption.decrypt(row, "label")

    def test_not_in_a_row_of_the_installation(self, row):
        encryption.make_installation_key()
        other = InstallationCredentialFactory()
        other.pk, other.ciphertext = row.pk, row.ciphertext

        with pytest.raises(UnreadableError):
            decrypt(other)


class TestDamage:
    @pytest.mark.parametrize("place", [0, 1, 4, 5, 16, 17, -1])
    def test_every_flipped_bit_is_noticed(self, row, place):
        damaged = bytearray(row.ciphertext)
        damaged[place] ^= 1
        row.ciphertext = bytes(damaged)

        with pytest.raises(UnreadableError):
            decrypt(row)

    @pytest.mark.parametrize("length", [0, 1, 4, 5, 17, 32, -1])
    def test_every_cut_is_noticed(self, row, length):
        row.ciphertext = row.ciphertext[:length]

        with pytest.raises(UnreadableError):
            decrypt(row)

    def test_another_form_is_named(self, row):
        row.ciphertext = b"\0" + row.ciphertext[1:]

        with pytest.raises(UnreadableError, match="unknown form 0"):
            decrypt(row)

    def test_staff_read_a_sentence_without_the_secret(self, row, moveis):
        Credential.objects.filter(pk=row.pk).note(ciphertext=row.ciphertext[:-1])

        with pytest.raises(UnreadableCredentialError) as refusal:
            reveal(moveis, "odoo-main", purpose="x")

        words = str(refusal.value)
        assert words.startswith("The secret “odoo-main")
        assert words.endswith("Store it again.")
        assert TEXT not in repr(refusal.value)


class TestKeys:
    def test_each_company_has_its_own(self, row, cosmeticos):
        other = CredentialFactory(tenant=cosmeticos, secret=TEXT)
        keys = {encryption.open_key(encryption.current_key(r)) for r in (row, other)}

        assert len(keys) == 2

    def test_one_is_made_once(self, row, moveis):
        CredentialFactory(tenant=moveis)

        assert DataKey.objects.get().number == 1

    def test_they_go_with_their_company(self, row, moveis):
        moveis.delete()

        assert not DataKey.objects.exists()

    def test_without_the_key_the_secret_is_gone(self, row):
        DataKey.objects.all().delete()

        with pytest.raises(UnknownKeyError, match="was destroyed"):
            decrypt(row)

    def test_somebody_who_made_one_at_the_same_time_wins(self, moveis, monkeypatch):
        new_key = sealing.new_key

        def other_is_quicker():
            monkeypatch.setattr(sealing, "new_key", new_key)
            encryption.make_key(DataKey(tenant=moveis))
            return new_key()

        monkeypatch.setattr(sealing, "new_key", other_is_quicker)
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)

        assert DataKey.objects.count() == 1
        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT

    def test_neither_key_nor_wrapping_is_in_the_audit_log(self, row):
        key = DataKey.objects.get()
        log = str(list(AuditEntry.objects.values()))

        assert "'wrapped': ['', '•••']" in log or "'wrapped': [None, '•••']" in log
        assert str(key.wrapped)[2:-1] not in log


class TestMasterKeys:
    def test_first_wraps_and_all_unwrap(self, row, settings):
        settings.MASTER_KEYS = (master("new"), *settings.MASTER_KEYS)

        assert decrypt(row) == TEXT
        assert encryption.keys_under_old_master() == 1

    def test_missing_one_is_named(self, row, settings):
        name = settings.MASTER_KEYS[0][0]
        settings.MASTER_KEYS = (master("new"),)

        with pytest.raises(MasterKeyError, match=f"no key “{name}”"):
            decrypt(row)

    def test_another_one_under_the_same_id_is_noticed(self, row, settings):
        settings.MASTER_KEYS = (master(settings.MASTER_KEYS[0][0]),)

        with pytest.raises(MasterKeyError, match="not the one of before"):
            decrypt(row)

    @pytest.mark.parametrize("wrapped", [b"", b"\1", b"\1" + b"x" * 60, b"\2" + b"x" * 60])
    def test_damaged_wrapping_is_noticed(self, row, wrapped):
        DataKey.objects.filter(tenant=row.tenant).update(wrapped=wrapped)

        with pytest.raises(UnreadableError):
            decrypt(row)

    def test_is_not_the_signing_key(self, row, settings):
        settings.SECRET_KEY = "another-signing-key-of-fifty-characters-or-even-more"

        assert decrypt(row) == TEXT

    def test_installation_key_is_made_once(self, db):
        encryption.make_installation_key()
        encryption.make_installation_key()

        assert InstallationKey.objects.get().number == 1


class TestReading:
    """MASTER_KEYS as an operator writes it."""

    KEY = base64.b64encode(b"k" * 32).decode()
    OTHER = base64.b64encode(b"o" * 32).decode()

    def test_order_is_kept(self):
        keys = parse_master_keys(f" 2026:{self.KEY} , 2025:{self.OTHER}\n")

        assert keys == (("2026", b"k" * 32), ("2025", b"o" * 32))

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            (KEY, "no id"),
            (f"a b:{KEY}", "no id"),
            (f":{KEY}", "no id"),
            ("a:not base64!", "entry 2|base64"),
            ("a:", "0 bytes"),
            (f"a:{base64.b64encode(b'short').decode()}", "5 bytes instead of 32"),
            (f"a:{KEY},a:{OTHER}", "same id"),
            (f"a:{KEY},b:{KEY}", "same key"),
            (",", "no key"),
        ],
    )
    def test_mistakes_are_named_without_the_key(self, text, problem):
        with pytest.raises(MasterKeysError, match=problem) as refusal:
            parse_master_keys(text)

        assert self.KEY not in str(refusal.value)

    def test_mistake_names_the_variable_and_what_to_write(self, tmp_path):
        env = Environment({"MASTER_KEYS": "a:short"})

        assert env.master_keys("MASTER_KEYS", tmp_path) == ()
        ((name, hint),) = env.mistakes
        assert name == "MASTER_KEYS"
        assert "openssl rand -base64 32" in hint
        assert "short" not in hint

    def test_without_any_a_file_is_made_and_kept(self, tmp_path):
        first = Environment({}).master_keys("MASTER_KEYS", tmp_path)
        second = Environment({}).master_keys("MASTER_KEYS", tmp_path)

        assert first == second
        assert len(first[0][1]) == 32
        assert (tmp_path / "master-key").stat().st_mode & 0o777 == 0o600

    def test_broken_file_is_named(self, tmp_path):
        (tmp_path / "master-key").write_text("broken")
        env = Environment({})

        assert env.master_keys("MASTER_KEYS", tmp_path) == ()
        assert str(tmp_path) in env.mistakes[0][1]
