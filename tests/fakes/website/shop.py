"""A small shop with every oddity: what a visit to a real website meets."""

from tests.fakes.website import failing, page, plain, redirect, sitemap

LONG = "Entregamos em todo o Brasil. " * 20


def furnish(site):
    url = site.url
    site.pages |= {
        "/robots.txt": plain(
            f"User-agent: *\nDisallow: /carrinho\nCrawl-delay: 0.01\nSitemap: {url}/mapa.xml\n"
        ),
        "/mapa.xml": sitemap(f"{url}/mapa-1.xml", f"{url}/mapa-2.xml.gz", is_index=True),
        "/mapa-1.xml": sitemap(f"{url}/garantia", f"{url}/sumiu", "https://outra.example/x"),
        "/mapa-2.xml.gz": sitemap(f"{url}/montagem", is_packed=True),
        "/": page(
            LONG,
            title="Móveis Jacarandá",
            links=[
                "/trocas",
                "/trocas?utm_source=menu",
                "/trocas#prazo",
                "/antiga",
                "/volta-1",
                "/carrinho",
                "/catalogo.pdf",
                "/dados",
                "/oculta",
                "/copia",
                "/impressao",
                "/erro",
                "/so-script",
                "https://rede.example/a",
                "https://rede.example/b",
                "mailto:a@b.example",
                "javascript:x()",
                "http://[",
            ],
        ),
        "/trocas": page("Você pode trocar em até 7 dias.", title="Trocas", links=["/frete"]),
        "/frete": page("Frete grátis acima de R$ 500.", title="Frete", links=["/fundo"]),
        "/fundo": page("Muito fundo.", title="Fundo", links=["/mais-fundo"]),
        "/mais-fundo": page("Fundo demais.", title="Mais fundo"),
        "/antiga": redirect("/nova"),
        "/nova": page("Nova página.", title="Nova"),
        "/volta-1": redirect("/volta-2", 302),
        "/volta-2": redirect("/volta-1", 302),
        "/carrinho": page("Seu carrinho.", title="Carrinho"),
        "/dados": plain("{}", "application/json"),
        "/oculta": page(
            "Não mostre.", title="Oculta", head='<meta name="Robots" content="noindex">'
        ),
        "/copia": page("Você pode trocar em até 7 dias.", title="Trocas", links=["/frete"]),
        "/impressao": page(
            "Para imprimir.",
            title="Trocas para imprimir",
            head='<link rel="canonical" href="/trocas">',
        ),
        "/erro": failing(403),
        "/so-script": plain("<html><body><div id=app></div><script>x()</script>", "text/html"),
        "/garantia": page("Garantia de um ano.", title="Garantia"),
        "/montagem": page("Montamos em 5 dias.", title="Montagem"),
    }
