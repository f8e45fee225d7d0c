"""What customers hear when the company wrote nothing of its own, in their languages.

No admin texts: they follow the customer's language, which may be none of the admin's.
"""

from collections.abc import Mapping

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "disclosure": {
        "pt-br": "Olá! Sou um assistente virtual. Se preferir falar com uma pessoa, é só pedir.",
        "en": "Hello! I am a virtual assistant. If you would rather talk to a person, just ask.",
        "es": "¡Hola! Soy un asistente virtual. Si prefiere hablar con una persona, solo pídalo.",
    },
    "handoff": {
        "pt-br": "Vou passar a conversa para uma pessoa da nossa equipe. Já já alguém responde.",
        "en": "I am passing you on to a person of our team. Somebody will answer you shortly.",
        "es": "Le paso con una persona de nuestro equipo. En breve alguien le responderá.",
    },
    "closed": {
        "pt-br": "Estamos fora do horário de atendimento. Recebemos sua mensagem e respondemos"
        " assim que possível.",
        "en": "We are closed at the moment. We have your message and will answer as soon as we"
        " can.",
        "es": "Estamos fuera del horario de atención. Recibimos su mensaje y responderemos en"
        " cuanto sea posible.",
    },
    "closed_until": {
        "pt-br": "Estamos fora do horário de atendimento. Recebemos sua mensagem e voltamos em"
        " {when}.",
        "en": "We are closed at the moment. We have your message and will be back on {when}.",
        "es": "Estamos fuera del horario de atención. Recibimos su mensaje y volvemos el {when}.",
    },
    "media": {
        "pt-br": "Recebi seu arquivo, mas não consigo abri-lo por aqui. Pode me contar por escrito"
        " do que precisa?",
        "en": "I have your file but cannot open it here. Could you tell me in writing what you"
        " need?",
        "es": "Recibí su archivo, pero no puedo abrirlo aquí. ¿Puede contarme por escrito qué"
        " necesita?",
    },
    "media_handoff": {
        "pt-br": "Recebi seu arquivo, mas não consigo abri-lo por aqui. Uma pessoa da equipe vai"
        " olhar e já responde.",
        "en": "I have your file but cannot open it here. A person of our team will look at it and"
        " answer you.",
        "es": "Recibí su archivo, pero no puedo abrirlo aquí. Una persona del equipo lo revisará y"
        " le responderá.",
    },
    "offline_found": {
        "pt-br": "Encontrei isto nas nossas informações:\n\n{text}",
        "en": "This is what I found in our information:\n\n{text}",
        "es": "Encontré esto en nuestra información:\n\n{text}",
    },
    "offline_price": {
        "pt-br": "Preço no nosso cadastro: {price}. Preço e estoque não foram conferidos agora.",
        "en": "Price in our records: {price}. Price and stock were not checked just now.",
        "es": "Precio en nuestro registro: {price}. Precio y existencias no se verificaron ahora.",
    },
    "offline_ask": {
        "pt-br": "Não tenho certeza do que você precisa. É sobre um destes assuntos? Responda com"
        " o número, ou escreva de outro jeito.",
        "en": "I am not sure what you need. Is it about one of these? Answer with its number, or"
        " put it in other words.",
        "es": "No estoy seguro de lo que necesita. ¿Es sobre uno de estos temas? Responda con el"
        " número o escríbalo de otra manera.",
    },
    "offline_greeting": {
        "pt-br": "Olá! Como posso ajudar?",
        "en": "Hello! How can I help you?",
        "es": "¡Hola! ¿En qué puedo ayudarle?",
    },
    "offline_thanks": {
        "pt-br": "Por nada! Se precisar de mais alguma coisa, é só escrever.",
        "en": "You are welcome! If you need anything else, just write.",
        "es": "¡De nada! Si necesita algo más, solo escriba.",
    },
}
USUAL = "pt-br"


def say(what: str, language: str, **words: str) -> str:
    """In the language of the customer, else in Portuguese."""
    known = SENTENCES[what]
    return known.get(language, known[USUAL]).format(**words)
