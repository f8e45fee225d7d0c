"""One form for each address, so that no page is visited twice."""

import pytest

from knowledge.crawling.addresses import absolute, as_start, fits, is_file, site_of

BASE = "https://loja.example/ajuda/trocas"


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("prazo", "https://loja.example/ajuda/prazo"),
        ("../x", "https://loja.example/x"),
        ("//loja.example:443/a", "https://loja.example/a"),
        ("HTTPS://LOJA.example", "https://loja.example/"),
        ("/a#b", "https://loja.example/a"),
        ("#b", "https://loja.example/ajuda/trocas"),
        ("?p=2", "https://loja.example/ajuda/trocas?p=2"),
        ("/a?utm_source=x&cor=azul&gclid=1", "https://loja.example/a?cor=azul"),
        ("/a?q=a+b&r", "https://loja.example/a?q=a+b&r"),
        ("/política à vista", "https://loja.example/pol%C3%ADtica%20%C3%A0%20vista"),
        ("/pol%C3%ADtica", "https://loja.example/pol%C3%ADtica"),
        (" /a\n/b ", "https://loja.example/a/b"),
        ("\\a\\b", "https://loja.example/a/b"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("mailto:a@b.example", ""),
        ("javascript:x()", ""),
        ("tel:+55", ""),
        ("https://a:b@loja.example/", ""),
        ("http://[", ""),
        ("https://loja.example:99999/", ""),
        ("/" + "a" * 2_000, ""),
        (
            "/?" + "&".join("a=1" for _ in range(60)),
            "https://loja.example/?" + "&".join(["a=1"] * 60),
        ),
    ],
)
def test_links_become_addresses(link, address):
    assert absolute(link, base=BASE) == address


def test_with_and_without_www_is_one_site():
    assert site_of("https://www.loja.example/a") == site_of("https://loja.example/b")
    assert site_of("https://loja.example:8443/") != site_of("https://loja.example/")


def test_old_links_to_http_lead_to_https():
    assert as_start("http://a.example/x", start="https://a.example/") == "https://a.example/x"
    assert as_start("http://a.example/x", start="http://a.example/") == "http://a.example/x"


@pytest.mark.parametrize(
    ("pattern", "does_fit"),
    [
        ("/ajuda/*", True),
        ("/ajuda", False),
        ("*trocas", True),
        ("/a?uda/*", True),
        ("/política/*", False),
    ],
)
def test_patterns_are_about_the_path(pattern, does_fit):
    assert fits(BASE + "?x=/política/1", (pattern,)) is does_fit


def test_files_are_known_by_their_ending():
    assert is_file("https://a.example/x.PDF?y=1")
    assert not is_file("https://a.example/x.php?y=1.pdf")
