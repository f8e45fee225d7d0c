"""Names that companies give to the columns of their tables, by the field they belong to."""

from knowledge.reading import values
from knowledge.reading.columns import Field
from knowledge.reading.values import Parse

SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("nome", "produto", "nome do produto", "título", "title", "product", "product name"),
    "title": ("título", "nome", "assunto", "name", "subject", "heading"),
    "sku": ("código", "código do produto", "cód", "referência", "ref", "code", "id", "product id"),
    "price": ("preço", "valor", "preço de venda", "preço unitário", "valor unitário", "unit price"),
    "brand": ("marca", "fabricante", "manufacturer"),
    "category": ("categoria", "departamento", "grupo", "seção", "department", "group"),
    "description": ("descrição", "detalhes", "descrição do produto", "details"),
    "barcode": ("código de barras", "ean", "gtin", "ean13", "upc"),
    "image": ("imagem", "foto", "url da imagem", "link da imagem", "image url", "picture", "photo"),
    "url": ("link", "endereço", "página", "site", "address", "page"),
    "stock": ("estoque", "quantidade", "saldo", "qtd", "quantity"),
    "question": ("pergunta", "dúvida", "pergunta frequente", "q"),
    "answer": ("resposta", "solução", "a", "reply", "solution"),
    "text": ("texto", "conteúdo", "regra", "content", "body", "rule"),
    "kind": ("tipo", "tipo de regra", "type", "rule type"),
    "priority": ("prioridade", "ordem", "order"),
    "valid_from": ("válido de", "válida de", "vigência inicial", "início", "de", "start", "from"),
    "valid_until": (
        "válido até",
        "válida até",
        "validade",
        "vigência final",
        "fim",
        "end",
        "until",
    ),
    "domain": ("domínio", "segmento", "segment"),
    "language": ("idioma", "língua", "lang"),
    "tags": ("etiquetas", "palavras-chave", "marcadores", "labels", "keywords"),
    "status": ("situação", "estado", "state"),
    "source": ("fonte", "origem", "origin"),
}
STATUSES: dict[str, tuple[str, ...]] = {
    "draft": ("rascunho", "em edição"),
    "published": ("publicado", "publicada", "ativo", "ativa", "active", "sim", "yes"),
    "archived": ("arquivado", "arquivada", "inativo", "inativa", "inactive", "não", "no"),
}
PARSERS: dict[str, Parse] = {
    "price": values.money,
    "stock": values.number,
    "priority": values.whole,
    "valid_from": values.day,
    "valid_until": values.day,
    "tags": values.items,
    "status": values.one_of(STATUSES),
}


def wanted(name: str, *, is_required: bool = False) -> Field:
    """A field by its name in this table."""
    return Field(name, SYNONYMS[name], PARSERS.get(name, values.text), is_required)
