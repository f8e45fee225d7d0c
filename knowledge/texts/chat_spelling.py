"""How Brazilians shorten words in chats, written out before a question is analysed."""

import re

from knowledge.texts.folding import fold
from knowledge.texts.languages import find

# "blz" is a greeting: written out as "beleza" it would find every beauty product.
SPELLINGS = {
    "add": "adicionar",
    "agr": "agora",
    "aki": "aqui",
    "amh": "amanha",
    "blz": "tudo bem",
    "bh": "belo horizonte",
    "bjs": "abracos",
    "c/": "com",
    "cmg": "comigo",
    "ctg": "contigo",
    "ctz": "certeza",
    "dms": "demais",
    "dnv": "de novo",
    "dps": "depois",
    "eh": "e",
    "entg": "entrega",
    "fds": "fim de semana",
    "flw": "abracos",
    "gnt": "gente",
    "hj": "hoje",
    "hr": "hora",
    "hrs": "horas",
    "kd": "cade",
    "msg": "mensagem",
    "msgs": "mensagens",
    "msm": "mesmo",
    "mt": "muito",
    "mta": "muita",
    "mto": "muito",
    "mts": "muitos",
    "n": "nao",
    "naum": "nao",
    "nd": "nada",
    "ngm": "ninguem",
    "nn": "nao",
    "nf": "nota fiscal",
    "oq": "o que",
    "poa": "porto alegre",
    "obg": "obrigado",
    "obgd": "obrigado",
    "p/": "para",
    "pagto": "pagamento",
    "pfv": "por favor",
    "pfvr": "por favor",
    "pgto": "pagamento",
    "pls": "por favor",
    "pq": "porque",
    "pra": "para",
    "pras": "para as",
    "pro": "para o",
    "pros": "para os",
    "q": "que",
    "qdo": "quando",
    "qlqr": "qualquer",
    "qm": "quem",
    "qnd": "quando",
    "qnt": "quanto",
    "qnto": "quanto",
    "qntos": "quantos",
    "qqr": "qualquer",
    "qt": "quanto",
    "qtas": "quantas",
    "qtd": "quantidade",
    "qtde": "quantidade",
    "qto": "quanto",
    "qtos": "quantos",
    "qts": "quantos",
    "rj": "rio de janeiro",
    "s/": "sem",
    "sp": "sao paulo",
    "sdds": "saudade",
    "ta": "esta",
    "tb": "tambem",
    "tbm": "tambem",
    "td": "tudo",
    "tds": "todos",
    "to": "estou",
    "vc": "voce",
    "vcs": "voces",
    "vdd": "verdade",
    "vlr": "valor",
    "vlw": "obrigado",
    "zap": "whatsapp",
}

_CHAT_WORD = re.compile(r"\b[cps]/|[^\W_]+")


def written_out(question: str, language: str) -> str:
    """Folded; Portuguese in long words."""
    folded = fold(question)
    return _CHAT_WORD.sub(_spelled, folded) if find(language).code == "pt" else folded


def _spelled(found: re.Match[str]) -> str:
    short = found.group()
    return SPELLINGS.get(short, short) if short[-1] != "/" else f"{SPELLINGS[short]} "
