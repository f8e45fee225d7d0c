"""Customers who want a person are recognised by their words; nobody else is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.texts.phrases import asks_for_person, matches_any

PORTUGUESE = [
    "quero falar com um atendente",
    "Quero falar com uma pessoa de verdade",
    "QUERO FALAR COM UM ATENDENTE AGORA!!!",
    "queria falar com alguém da loja, por favor",
    "gostaria de conversar com um vendedor",
    "posso falar com alguém?",
    "preciso falar com um humano urgente",
    "eu preciso muito de ajuda de uma pessoa",
    "tem como falar com o gerente?",
    "como faço pra falar com um atendente?",
    "Como falo com um atendente",
    "não consigo falar com nenhum lugar, quero um atendente",
    "não consigo falar com um atendente",
    "me passa pra uma pessoa",
    "me transfere para um atendente por favor",
    "pode me transferir para um atendente?",
    "você poderia me passar pra alguém do suporte?",
    "transferir para atendente",
    "me encaminha para o setor? me passa pro gerente",
    "chama um humano aí",
    "pode chamar o gerente?",
    "atendente",
    "Atendente, por favor",
    "atendente humano",
    "atendenteee",
    "humano",
    "Bom dia, atendente por favor",
    "1 - atendente",
    "👤 Falar com um humano",
    "falar com atendente",
    "isso é um robô? quero gente",
    "quero um humano, não um robô",
    "prefiro falar com gente",
    "não, quero falar com uma pessoa",
    "Já tentei de tudo e não resolve. Quero falar com uma pessoa.",
    "não quero falar com robô",
    "cansei de falar com robô",
    "chega de robô",
    "quero ser atendido por uma pessoa",
    "tem algum atendente aí?",
    "vocês têm atendimento humano?",
    "cadê o atendente?",
    "preciso de um atendente para me ajudar",
    "quero que um atendente me ligue",
    "kero fala c um atendente",
    "parar",
    "PARE",
    "para o bot",
    "oi\natendente",
    "alguém de verdade pode falar comigo? tem alguém de verdade aí?",
    "esse robô não entende nada, quero um atendente",
    "isso não resolve me passa pra um atendente",
    "Falar com o suporte",
    "quero que me atenda uma pessoa",
]
ENGLISH = [
    "speak to a human",
    "agent please",
    "Can I talk to a person?",
    "I want to speak with a representative",
    "i need to talk to someone about my order",
    "I'd like to talk to a real person, please.",
    "could I speak with your manager?",
    "let me talk to a human",
    "please connect me to an agent",
    "Can you transfer me to a human agent?",
    "put me through to customer service",
    "get me a human",
    "give me a real person",
    "is there a real person there?",
    "human",
    "live agent",
    "Representative!",
    "how do I talk to a human",
    "how can i get in touch with customer support?",
    "I don't want to talk to a bot",
    "I’m tired of talking to a machine",
    "I want a human, not a bot",
    "no more bots",
    "escalate this to a manager",
    "stop",
    "Stop the bot",
    "stop messaging me",
    "Is there someone I can talk to?",
    "can I get a human?",
    "customer service representative",
    "let me speak to your supervisor",
]
SPANISH = [
    "quiero hablar con una persona",
    "Quisiera hablar con un agente, por favor",
    "¿puedo hablar con alguien?",
    "necesito hablar con un asesor",
    "me gustaría hablar con un humano",
    "pásame con un agente",
    "páseme con el gerente",
    "comuníqueme con un asesor",
    "¿me puedes pasar con una persona?",
    "¿cómo puedo hablar con un agente?",
    "agente",
    "asesor por favor",
    "persona real",
    "quiero un humano",
    "dame un agente humano",
    "¿hay algún humano ahí?",
    "no quiero hablar con un robot",
    "sí, quiero hablar con una persona",
    "deja de escribirme",
    "detener",
    "quiero que me atienda una persona",
    "¿puedes pasarme con un agente?",
    "estoy harto de hablar con un bot",
    "¿podría hablar con el encargado?",
]
OTHER_PORTUGUESE = [
    "a atendente da loja foi ótima",
    "não preciso falar com atendente",
    "não quero falar com atendente, só saber o preço",
    "peça para pessoa jurídica",
    "quero comprar como pessoa física",
    "posso falar com o atendente virtual?",
    "vocês vendem para humanos ou pets?",
    "atendimento humano de qualidade",
    "já falei com um atendente ontem",
    "depois de falar com um atendente meu pedido sumiu",
    "o atendente me disse que o prazo era de 5 dias",
    "Oi, atendente",
    "boa tarde atendente, tem sofá azul?",
    "a atendente",
    "quero elogiar a atendente Paula",
    "quero a vaga de atendente",
    "preciso falar com um atendente para comprar?",
    "se eu precisar falar com um atendente, qual o horário?",
    "qual o horário do atendimento humano?",
    "quero resolver sem falar com atendente",
    "como se chama a atendente?",
    "cabelo humano",
    "quero uma peruca de cabelo humano",
    "tem mesa para uma pessoa?",
    "uma pessoa",
    "preciso de uma pessoa para montar o móvel",
    "posso transferir o pedido para outra pessoa?",
    "pode mandar para outra pessoa?",
    "passa para pessoa jurídica o pedido",
    "vou chamar alguém para instalar",
    "alguém pode me ajudar?",
    "tem gente na loja hoje?",
    "a gente quer comprar dois",
    "agente quer saber o preço",
    "quero parar de receber a revista",
    "para a entrega, quanto custa?",
    "o que faço para parar a queda de cabelo?",
    "vocês vendem robô aspirador?",
    "não sabia que estava falando com robô, que legal",
    "isso é um robô?",
    "quero um presente para uma pessoa especial",
    "o vendedor me passou para outra pessoa",
    "não precisa me passar para um atendente",
    "meu gerente pediu a nota fiscal",
    "obrigado pelo atendimento",
    "me passa o preço por favor",
    "quero falar sobre o meu pedido",
    "tem sofá humano? brincadeira, quero o retrátil",
    "obrigado atendente",
    "é de uso humano ou veterinário?",
    "qual o e-mail do RH (recursos humanos)?",
    "vou falar com a gerente do banco",
    "preciso falar com meu chefe antes",
    "quero um suporte de parede",
    "sou atendente de uma loja",
    "quando para de chover vocês entregam?",
    "pode ligar para a pessoa que vai receber",
]
OTHER_ENGLISH = [
    "the agent was great",
    "I spoke to an agent yesterday",
    "I don't need to speak to a human",
    "no need to talk to an agent",
    "do you sell to humans or pets?",
    "human hair wig",
    "do I need to speak to an agent to cancel?",
    "my agent will call you",
    "can your agent deliver on Sunday?",
    "is there an agent in my area?",
    "the stop button does not work",
    "where is the bus stop",
    "I stopped by the store",
    "can you connect me to the wifi network?",
    "can I transfer my order to another person?",
    "is this a robot?",
    "I want a table for one person",
    "thanks for the human touch",
    "if i need to talk to an agent, what are your hours?",
    "please don't connect me to an agent",
    "you don't need to connect me to an agent",
    "I want to talk about my order",
    "the person who delivered it was rude",
    "I'm a real estate agent",
    "is it safe for humans?",
    "please stop by tomorrow",
    "I don't want to talk to anyone",
]
OTHER_SPANISH = [
    "la agente fue muy amable",
    "no quiero hablar con una persona",
    "no necesito hablar con un agente",
    "ya hablé con un asesor ayer",
    "¿necesito hablar con un agente para cancelar?",
    "una mesa para una persona",
    "¿hay un agente en Lima?",
    "soy persona jurídica",
    "quiero saber el precio",
    "el asesor me dijo que llegaba hoy",
    "pásame el precio por favor",
    "hola agente",
    "¿cómo se llama la asesora?",
    "¿eres un robot?",
    "tengo que hablar con mi esposo",
    "quiero parar el pedido",
    "no hace falta hablar con nadie",
]


@pytest.mark.parametrize("text", [*PORTUGUESE, *ENGLISH, *SPANISH])
def test_wish_for_a_person_is_heard(text):
    assert asks_for_person(text)


@pytest.mark.parametrize(
    "text", [*OTHER_PORTUGUESE, *OTHER_ENGLISH, *OTHER_SPANISH, "", "?!", "👍"]
)
def test_other_words_are_left_to_the_crew(text):
    assert not asks_for_person(text)


@pytest.mark.parametrize("text", ["cadê o moço", "queria ver isso: CADE  O MOCO!"])
def test_phrases_of_the_company_mean_the_same(text):
    assert asks_for_person(text, more=["Cadê o moço"])


def test_phrases_of_the_company_do_not_hit_parts_of_words():
    assert not asks_for_person("somos os melhores", more=["mos", "", "  "])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Quero um ORÇAMENTO.", ["orcamento"]),
        ("quero um orcamento", ["Orçamento"]),
        ("me manda a segunda   via", ["segunda via"]),
        ("me ajuda #bot aqui", ["#bot"]),
        ("oi 🤖", ["🤖"]),
        ("tem wi-fi?", ["wi-fi"]),
        ("preço?", ["promoção", "preço"]),
    ],
)
def test_trigger_word_is_found_as_a_whole(text, words):
    assert matches_any(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("orçamentos", ["orçamento"]),
        ("me ajuda bot", ["#bot"]),
        ("#bots", ["#bot"]),
        ("segunda e via", ["segunda via"]),
        ("qualquer coisa", []),
        ("qualquer coisa", ["", " "]),
    ],
)
def test_parts_and_other_words_are_no_trigger(text, words):
    assert not matches_any(text, words)


def test_what_is_written_about_a_file_is_not_what_the_customer_says():
    assert asks_for_person("[mensagem de voz] Atendente")
    assert not asks_for_person("[arquivo: quero falar com um atendente.pdf, 2 MB]")


HOSTILE = {
    "wishes": "quero " * 25_000,
    "fillers": "quero " + "agora " * 25_000,
    "half a request": "quero falar agora com um " * 6_000,
    "robots": "nao quero falar com o " * 7_000,
    "polite": "por favor " * 15_000,
    "digits": "1 " * 75_000,
    "commas": "," * 150_000,
    "spaces": " " * 150_000,
    "lines": "\n" * 150_000,
    "brackets": "[\n" * 75_000,
    "one word": "a" * 150_000,
    "marks": "a" + "\u0315" * 75_000 + "\u0300" * 75_000,
    "apostrophes": "'" * 150_000,
    "transfers": "connect me me me me " * 7_500,
    "please": "please " * 21_000 + "x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_of_the_longest_kind_takes_little_time(text):
    started = time.process_time()

    assert not asks_for_person(text, more=["fala com o joão", "a" * 100])

    assert time.process_time() - started < 3


@given(st.text(alphabet="quero falar com um atendente nao, .?\n", max_size=300))
def test_any_mixture_of_its_words_is_read(text):
    assert asks_for_person(text) in (True, False)
