"""Staff try the search in a real browser: on a desk, on a phone, in the dark."""

import json
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.servers import ROOT, clean_environment

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = "/admin/knowledge/searchcase/try/"
QUESTION = "vcs entregam em salvador?"
FAQS = [
    ("Vocês entregam em Salvador?", "Sim, em até 20 dias úteis, com frete de R$ 189,00."),
    ("Entregam aos sábados?", "Em São Paulo, das 9h às 13h."),
    ("Como lavo a capa do sofá?", "À mão, com sabão neutro, e sem alvejante."),
]


@pytest.fixture(scope="module")
def taught(server):
    """A server with a company that knows three answers and is indexed."""
    command = [sys.executable, "manage.py", "api_token", "moveis", "--name", "test", "--scopes"]
    token = subprocess.run(
        [*command, "knowledge:read,knowledge:write"],
        cwd=ROOT,
        env=clean_environment(DATA_DIR=str(server.data)),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    rows = [
        {"external_id": question, "question": question, "answer": answer}
        for question, answer in FAQS
    ]
    stored = call(server, token, "/vectorize", {"kind": "faq", "rows": rows})
    until = time.monotonic() + 60
    while not call(server, token, stored["progress"])["is_complete"]:
        assert time.monotonic() < until
        time.sleep(0.2)
    return server


def call(server, token, path, body=None):
    request = urllib.request.Request(
        server.address + path,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def asked(visitor, question=QUESTION):
    page = visitor.go(PAGE)
    page.select_option("#content [name=company]", value="moveis")
    page.click("#content form[method=get] button[type=submit]")
    page.wait_for_selector("[name=question]")
    page.fill("[name=question]", question)
    page.click("#content form[method=get] button[type=submit]")
    page.wait_for_selector("[name=expected]")
    return page


def test_a_question_is_tried_and_a_case_recorded_and_run(taught, visit):
    visitor = visit().sign_in()
    page = asked(visitor)
    visitor.keep("try-search")

    assert "189,00" in page.inner_text("#content")
    page.fill("[name=q]", "capa")
    page.click("form[method=get]:has([name=q]) button")
    page.wait_for_selector("text=capa do sofá")
    visitor.keep("try-search-choose")
    page.click("[name=expected] >> nth=0")
    page.wait_for_load_state()
    page = visitor.go("/admin/knowledge/searchcase/")
    page.click("button[form=run-cases]")
    page.wait_for_load_state()
    visitor.keep("search-cases")

    assert QUESTION in page.inner_text("#content")
    assert visitor.complaints == []


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("phone", {"width": 390, "height": 844}),
        ("dark", {"color_scheme": "dark"}),
    ],
)
def test_the_page_works_everywhere(name, options, taught, visit):
    visitor = visit(**options).sign_in()
    page = asked(visitor)
    visitor.keep(f"try-search-{name}")

    assert "189,00" in page.inner_text("#content")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert visitor.complaints == []
