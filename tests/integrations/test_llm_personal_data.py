"""Personal data is covered before a model reads it, and comes back in what it writes."""

import pytest

from integrations import llm
from integrations.llm.personal_data import Cover, Restorer
from tenants.models import Configuration
from tests.fakes.models import call_tool, say

CPF = "529.982.247-25"
OTHER_CPF = "111.444.777-35"
EMAIL = "ana@cliente.example"


def asked(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def masking(moveis):
    configuration = Configuration.objects.get(tenant=moveis)
    configuration.settings = {"mask_personal_data": True}
    configuration.save()
    return moveis


def test_without_the_setting_the_text_is_sent_as_it_is(moveis, make_profile, models):
    make_profile(moveis)

    llm.complete(moveis, asked(f"CPF {CPF}"))

    assert models.bodies[0]["messages"][0]["content"] == f"CPF {CPF}"


def test_model_reads_placeholders_and_the_caller_the_values(masking, make_profile, models):
    make_profile(masking)
    models.script(say("Confirmo o CPF [CPF-1] e o e-mail [e-mail-1]."))

    done = llm.complete(masking, asked(f"Meu CPF é {CPF}, e-mail {EMAIL}"))

    sent = models.heard[0].raw.decode()
    assert CPF not in sent
    assert EMAIL not in sent
    assert done.text == f"Confirmo o CPF {CPF} e o e-mail {EMAIL}."


def test_same_value_has_the_same_placeholder_in_all_messages(masking, make_profile, models):
    make_profile(masking)
    messages = [
        {"role": "system", "content": f"Cliente: {CPF}"},
        {"role": "user", "content": [{"type": "text", "text": f"{OTHER_CPF} e {CPF}"}]},
    ]

    llm.complete(masking, messages)

    system, user = models.bodies[0]["messages"]
    assert system["content"] == "Cliente: [CPF-1]"
    assert user["content"][0]["text"] == "[CPF-2] e [CPF-1]"


def test_arguments_of_tools_get_the_values_back(masking, make_profile, models):
    make_profile(masking)
    models.script(call_tool("customer", cpf="[CPF-1]"))

    done = llm.complete(masking, asked(CPF))

    assert done.tool_calls[0].arguments == f'{{"cpf": "{CPF}"}}'


def test_earlier_calls_of_tools_are_covered_too(masking, make_profile, models):
    make_profile(masking)
    earlier = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "1",
                "type": "function",
                "function": {"name": "customer", "arguments": f'{{"cpf": "{CPF}"}}'},
            }
        ],
    }
    result = {"role": "tool", "tool_call_id": "1", "content": EMAIL}

    llm.complete(masking, [*asked("oi"), earlier, result])

    sent = models.heard[0].raw.decode()
    assert CPF not in sent
    assert EMAIL not in sent


def test_text_in_pieces_gets_the_values_back(masking, make_profile, models):
    make_profile(masking)
    models.script(say("O CPF [CPF-1] confere"))
    pieces = []

    llm.complete(masking, asked(CPF), on_text=pieces.append)

    assert "".join(pieces) == f"O CPF {CPF} confere"


def test_placeholder_typed_by_a_customer_brings_nobodys_data(masking, make_profile, models):
    make_profile(masking)
    messages = [{"role": "system", "content": f"Outro cliente: {CPF}"}, *asked("Qual é [CPF-1]?")]
    models.script(say("É [CPF-1]."))

    done = llm.complete(masking, messages)

    assert done.text == "É [CPF-1]."


def test_embeddings_are_covered_too(masking, make_profile, models):
    make_profile(masking, use="embeddings", model="text-embedding-3-small")

    llm.embed(masking, [f"pedido de {CPF}"])

    assert models.bodies[0]["input"] == ["pedido de [CPF-1]"]


@pytest.mark.parametrize("size", range(1, 12))
def test_placeholder_may_be_cut_anywhere(size):
    cover = Cover()
    text = cover.text(f"a {CPF} b [nota] c [")
    pieces = []
    restorer = Restorer(cover, pieces.append)

    for start in range(0, len(text), size):
        restorer.take(text[start : start + size])
    restorer.finish()

    assert "".join(pieces) == f"a {CPF} b [nota] c ["
