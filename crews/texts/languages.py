"""Which language a customer writes: Portuguese, English or Spanish, by its small words."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from knowledge.texts.folding import fold

LONGEST_LOOK = 2_000
WORD_POINTS = 2
SHAPE_POINTS = 1
SHORTEST_SHAPE = 4
# One word is enough to begin with a language; two are needed to change it.
ENOUGH_TO_BEGIN = WORD_POINTS
ENOUGH_TO_CHANGE = 2 * WORD_POINTS

ADDRESS = re.compile(r"[@/\\]|\.\w|_")
WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Signs:
    """Folded words of a language; shapes of words that no language lists; letters, not folded."""

    words: frozenset[str]
    shapes: re.Pattern[str]
    letters: re.Pattern[str]


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# Of Portuguese and Spanish alike, so they only tell that it is not English.
NEIGHBOURS = (
    "de que para por como mas esta este da o se pedido favor compra comprar entrega nada cada"
    " todo todos toda todas pagar cancelar saber ver ter ser estado azul casa cliente ajuda"
)

LANGUAGES: Mapping[str, Signs] = {
    "pt-br": Signs(
        _words(
            NEIGHBOURS,
            "e nao voce voces vc vcs eu ele ela eles elas meu minha meus minhas seu seus sua suas",
            "um uma umas uns do nas em com sem ao aos pela pelas pra pro mais muito muita muitos",
            "tem tenho temos quero queria gostaria posso pode podem preciso fazer faz foi estou",
            "estao sao isso isto essa esse essas esses ja ainda tambem quando quanto quanta",
            "quantos qual quais quem onde obrigado obrigada obg oi ola bom boa bons boas noite",
            "hoje ontem amanha agora entao depois preco loja frete boleto chegou comprei fiz",
            "recebi alguem ninguem tudo outro dele dela deles falar tchau valeu blz beleza",
            "desculpa troca trocar os ou vou vai irei estava tinha vejo acho sei deu veio ficou",
            "fica ficar mesmo cade kd tb tbm pq qdo qto mto pfv sim aquele aquela nosso nossa",
            "gostei portugues dinheiro novo nova tamanho quebrado errado errada rastreio endereco",
            "voltar chegar quis algum alguma nenhum nenhuma cor quer querem vem vieram fala dois",
            "duas",
        ),
        re.compile(r"(?:cao|coes|oes|ao|ei|ou|inha|inho|agem|eiro|eira|vel|oso)$|lh|nh|ss"),
        re.compile("[ãõçêôâà]"),
    ),
    "en": Signs(
        _words(
            "the and is are was were i you your yours my we our they their it its this that these",
            "those of in with from on at by be been have had does did doing can could would will",
            "should want wanted need like how what when where who why which not dont doesnt cant",
            "couldnt wont isnt im id ive youre please pls thanks thank hello hi hey good morning",
            "afternoon evening today tomorrow yesterday order orders price shipping much many",
            "there here any just about know get got buy bought received receive still but or if",
            "an all one more out up help speak talk english yes cost send sent back after before",
            "than then them him her his she us ordered arrived available size colour work broken",
            "refund return working days week anyone someone something nothing may let late",
        ),
        re.compile(r"(?:ing|ed|ght|ly|ness|ould|tion|own|ew)$|th|wh|sh|ck|oo|ee|w"),
        re.compile("['’](?:s|t|m|re|ve|ll|d)\\b"),
    ),
    "es": Signs(
        _words(
            NEIGHBOURS,
            "la el los las una unos unas del al y en con sin pero muy mucho mucha muchos muchas",
            "yo usted ustedes ellos nosotros mi mis su sus es soy estoy estan hay tiene tienen",
            "tengo quiero quisiera puedo puede pueden necesito hacer hace fue ese esa eso esto ya",
            "tambien cuando cuanto cuanta cuantos cuantas cual cuales quien quienes donde gracias",
            "hola buenos buenas buen bueno buena noche noches hoy ayer manana ahora entonces",
            "despues precio tienda envio envios llego llega llegado recibi hice alguien nadie",
            "otro otra les lo hablar adios disculpe perdon cuesta cuestan hasta algun alguna",
            "ninguno tener hablo gustaria espanol voy estaba tenia mismo si nuevo nueva talla",
            "plazo codigo direccion dinero devolver cambio todavia le roto equivocado",
        ),
        re.compile(r"(?:cion|ciones|dad|aje|illo|illa|ito|aron|ieron|ido)$|ll|ue|ie|rr"),
        re.compile("[ñ¿¡]"),
    ),
}
LISTED = frozenset().union(*(signs.words for signs in LANGUAGES.values()))


def language_of(text: str, *, known: str, allowed: Sequence[str]) -> str:
    """One of those allowed; what is short or unclear stays what it was, or is the first of them.

    None allowed means any that we know.
    """
    allowed = tuple(allowed) or tuple(LANGUAGES)
    stays = known if known in allowed else allowed[0]
    points = _points(text[:LONGEST_LOOK])
    (best, most), (_second, fewer) = points.most_common(2)
    enough = ENOUGH_TO_CHANGE if known in allowed else ENOUGH_TO_BEGIN
    is_clear = most >= enough and most - fewer >= max(WORD_POINTS, most // 4)
    return best if is_clear and best in allowed else stays


def _points(text: str) -> Counter[str]:
    plain = " ".join(part for part in text.split() if not ADDRESS.search(part))
    words = set(WORD.findall(fold(plain)))
    others = [word for word in words if len(word) >= SHORTEST_SHAPE and word not in LISTED]
    return Counter(
        {
            language: WORD_POINTS * len(words & signs.words)
            + SHAPE_POINTS * sum(1 for word in others if signs.shapes.search(word))
            + SHAPE_POINTS * len(set(signs.letters.findall(plain.lower())))
            for language, signs in LANGUAGES.items()
        }
    )
