"""A key is sent to its provider and shows up nowhere else, whatever goes wrong."""

import gc
import logging
import traceback

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from integrations import llm
from integrations.llm import clients
from integrations.models import Provider
from integrations.models.provider import Kind
from tests.factories import CredentialFactory, InstallationCredentialFactory, ProviderFactory
from tests.fakes.models import Answer, fail, say
from tests.integrations.conftest import KEY, provider_of

QUESTION = [{"role": "user", "content": "Tem mesa de jantar?"}]

WAYS_TO_FAIL = {
    **{f"status {n}": fail(n, body=KEY.encode()) for n in (400, 401, 403, 404, 429, 500)},
    "key as code": fail(401, code=KEY),
    "key as answer": Answer(body=KEY.encode()),
    "key as json": Answer(body=f'"{KEY}"'.encode()),
    "slow": Answer(wait=3),
    "cut": Answer(body=b"", headers={"Content-Length": "1000"}),
}


def everything_stored():
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            yield from (str(row) for row in cursor.fetchall())


@pytest.mark.parametrize("way", WAYS_TO_FAIL)
@pytest.mark.parametrize("in_pieces", [False, True], ids=["whole", "pieces"])
def test_no_failure_tells_the_key(way, in_pieces, moveis, make_profile, models, caplog):
    caplog.set_level(logging.DEBUG)
    make_profile(moveis)
    models.always(WAYS_TO_FAIL[way])

    with pytest.raises(llm.ModelError) as caught:
        llm.complete(moveis, QUESTION, seconds=0.5, on_text=print if in_pieces else None)

    told = [
        str(caught.value),
        repr(caught.value),
        str(vars(caught.value)),
        "".join(traceback.format_exception(caught.value)),
        caplog.text,
        *everything_stored(),
    ]
    assert models.heard[0].headers["Authorization"] == f"Bearer {KEY}"
    assert [text for text in told if KEY in text or KEY[3:12] in text] == []


def test_success_tells_the_key_nowhere(moveis, make_profile, models, caplog):
    caplog.set_level(logging.DEBUG)
    make_profile(moveis)
    models.script(say("Sim."))

    done = llm.complete(moveis, QUESTION)

    profile = moveis.modelprofile_set.get()
    kept = clients.client_for(moveis, profile.provider)
    told = [repr(done), caplog.text, repr(kept), repr(profile), *everything_stored()]
    assert [text for text in told if KEY in text] == []


def test_text_of_customers_is_not_logged_and_not_stored(moveis, make_profile, models, caplog):
    caplog.set_level(logging.DEBUG)
    make_profile(moveis)
    models.script(say("resposta-canario"))

    llm.complete(moveis, [{"role": "user", "content": "pergunta-canario"}])

    told = [caplog.text, *everything_stored()]
    assert [text for text in told if "canario" in text] == []


class TestKeysOfTheInstallation:
    """Whoever may type an address must not be able to have the operator's key sent there."""

    @pytest.fixture
    def offered(self, db):
        return InstallationCredentialFactory(ref="shared", offer="all", secret=KEY, kind="openai")

    def test_is_accepted_for_openai_itself(self, offered, moveis):
        provider = Provider(tenant=moveis, name="OpenAI", credential_ref="shared")

        provider.full_clean()

    def test_is_refused_for_another_address(self, offered, moveis, models):
        provider = Provider(
            tenant=moveis,
            name="mine",
            kind=Kind.COMPATIBLE,
            base_url=models.url,
            credential_ref="shared",
        )

        with pytest.raises(ValidationError) as caught:
            provider.full_clean()

        assert "credential_ref" in caught.value.message_dict

    def test_is_not_sent_to_another_address_even_without_the_check(
        self, offered, moveis, make_profile, models
    ):
        provider = ProviderFactory(
            tenant=moveis, base_url=models.url, credential_ref="shared", kind="openai"
        )
        make_profile(moveis, provider=provider)

        with pytest.raises(llm.ModelError):
            llm.complete(moveis, QUESTION)

        assert models.heard == []

    def test_own_key_goes_before_it(self, offered, moveis):
        CredentialFactory(tenant=moveis, ref="shared", secret="sk-my-own-key", kind="openai")
        provider = ProviderFactory(
            tenant=moveis, base_url="", credential_ref="shared", kind="openai"
        )

        assert clients.client_for(moveis, provider).client.api_key == "sk-my-own-key"

    def test_is_used_where_it_is_offered(self, offered, moveis):
        provider = ProviderFactory(
            tenant=moveis, base_url="", credential_ref="shared", kind="openai"
        )

        assert clients.client_for(moveis, provider).client.api_key == KEY


def test_key_of_another_system_is_refused(moveis):
    CredentialFactory(tenant=moveis, ref="erp", kind="odoo")

    with pytest.raises(ValidationError, match="credential_ref"):
        Provider(tenant=moveis, name="x", credential_ref="erp").full_clean()


def test_key_of_another_company_is_refused(moveis, cosmeticos):
    CredentialFactory(tenant=cosmeticos, ref="theirs", kind="openai")

    with pytest.raises(ValidationError, match="credential_ref"):
        Provider(tenant=moveis, name="x", credential_ref="theirs").full_clean()


@pytest.mark.parametrize(
    "url",
    ["http://models.example.com", "https://10.0.0.1/v1", "ftp://x", "https://a:b@x.example", "x"],
)
def test_address_that_may_not_be_called_is_refused_on_saving(url, moveis):
    provider = Provider(tenant=moveis, name="x", kind=Kind.COMPATIBLE, base_url=url)

    with pytest.raises(ValidationError) as caught:
        provider.full_clean()

    assert "base_url" in caught.value.message_dict


def test_replaced_clients_are_let_go(moveis, make_profile, models):
    from tenants import credentials

    profile = make_profile(moveis)
    first = clients.client_for(moveis, profile.provider).client
    credentials.store(moveis, profile.provider.credential_ref, "sk-another-key", kind="openai")
    clients.client_for(moveis, profile.provider)
    gc.collect()

    assert len(clients._clients) == 1
    assert clients.client_for(moveis, profile.provider).client is not first


def test_provider_of_the_same_key_in_two_companies_has_two_clients(moveis, cosmeticos, models):
    one, other = provider_of(moveis, models.url), provider_of(cosmeticos, models.url)

    assert clients.client_for(moveis, one).client is not (
        clients.client_for(cosmeticos, other).client
    )
