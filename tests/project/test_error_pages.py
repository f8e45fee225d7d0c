"""What cannot be answered is refused in words: as a page to people, as JSON to machines."""

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from tests.urls import handler400, handler403, handler404, handler500  # noqa: F401
from tests.urls import urlpatterns as project_urlpatterns

PLACES = ["/broken", "/api/broken", "/webhooks/broken"]


def break_down(request):
    raise RuntimeError("k3j4 is the inside of the program")


def refuse(request):
    raise PermissionDenied("k3j4 is the inside of the program")


def misread(request):
    raise BadRequest("k3j4 is the inside of the program")


def upload(request):
    return HttpResponse(request.POST.get("x", ""))


def places(name, view):
    return [path(f"{start}{name}", view) for start in ("", "api/", "webhooks/")]


urlpatterns = [
    *project_urlpatterns,
    *places("broken", break_down),
    *places("refused", refuse),
    *places("misread", misread),
    path("upload", upload),
]

pytestmark = [pytest.mark.urls("tests.project.test_error_pages"), pytest.mark.django_db]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def assert_page(answer, status):
    text = answer.content.decode()
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f'<p class="status">{status}</p>' in text
    assert answer.headers["X-Request-ID"] in text
    assert 'href="/admin/"' in text
    assert_nothing_inside(text)


def assert_json(answer, status):
    body = answer.json()
    assert answer.status_code == status
    assert body["success"] is False
    assert body["error"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert_nothing_inside(answer.content.decode())


def assert_nothing_inside(text):
    assert "k3j4" not in text
    assert "Traceback" not in text
    assert "RuntimeError" not in text
    assert ".py" not in text


@pytest.mark.parametrize(("name", "status"), [("broken", 500), ("refused", 403), ("misread", 400)])
class TestErrors:
    def test_people_see_a_page(self, client, name, status):
        assert_page(client.get(f"/{name}"), status)

    @pytest.mark.parametrize("start", ["api", "webhooks"])
    def test_machines_get_json(self, client, name, status, start):
        assert_json(client.get(f"/{start}/{name}"), status)

    def test_page_is_portuguese(self, client, name, status):
        page = client.get(f"/{name}")

        assert 'lang="pt-br"' in page.content.decode()
        assert "Ir para a página inicial" in page.content.decode()

    def test_page_is_english_for_those_who_chose_it(self, client, name, status):
        client.post("/admin/language/", {"language": "en"})

        page = client.get(f"/{name}")

        assert 'lang="en"' in page.content.decode()
        assert "To the first page" in page.content.decode()

    def test_page_carries_the_secure_headers(self, client, name, status):
        page = client.get(f"/{name}")

        assert "default-src" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"


class TestNotFound:
    @pytest.mark.parametrize("address", ["/nowhere", "/nowhere/", "/admin2", "/%ff", "/../x"])
    def test_people_see_a_page(self, client, address):
        assert_page(client.get(address), 404)

    @pytest.mark.parametrize("address", ["/api/nowhere", "/api/v1/nowhere", "/webhooks/nowhere"])
    def test_machines_get_json(self, client, address):
        assert_json(client.get(address), 404)

    def test_missing_row_in_the_admin_is_not_a_broken_page(self, signed_in, helena):
        page = signed_in(helena).get("/admin/tenants/membership/999999/change/", follow=True)

        assert page.status_code in (200, 404)

    def test_address_is_not_repeated_as_markup(self, client):
        page = client.get("/<script>alert(1)</script>")

        assert "<script>alert" not in page.content.decode()


class TestUnknownHost:
    def test_people_see_what_the_operator_can_do(self, client):
        answer = client.get("/admin/login/", headers={"Host": "evil.example"})

        assert_page(answer, 400)
        assert "ALLOWED_HOSTS" in answer.content.decode()

    def test_machines_get_json(self, client):
        assert_json(client.get("/api/v1/token", headers={"Host": "evil.example"}), 400)

    @pytest.mark.parametrize(
        "host", ["", "a b", "evil.example:x", "[::1", "é.example", "a" * 5_000]
    )
    def test_malformed_host_is_refused_not_broken(self, client, host):
        assert client.get("/admin/login/", headers={"Host": host}).status_code == 400


class TestForgedForm:
    def test_people_are_told_to_reload(self, helena):
        client = Client(enforce_csrf_checks=True)

        answer = client.post("/admin/login/", {"username": helena.email, "password": "x"})

        assert_page(answer, 403)
        assert "recarregue" in answer.content.decode()

    def test_form_of_another_site_is_refused(self, helena):
        client = Client(enforce_csrf_checks=True)
        client.get("/admin/login/")
        token = client.cookies["csrftoken"].value

        answer = client.post(
            "/admin/login/",
            {"username": helena.email, "password": "x", "csrfmiddlewaretoken": token},
            headers={"Origin": "https://evil.example"},
        )

        assert_page(answer, 403)


def test_form_with_too_many_fields_is_refused_not_broken(client):
    answer = client.post("/upload", {f"field-{number}": "x" for number in range(5_001)})

    assert_page(answer, 400)


def test_body_that_is_too_large_is_refused_not_broken(client):
    answer = client.post(
        "/upload", "x=" + "y" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code in (400, 413)
    assert_nothing_inside(answer.content.decode())


def test_failure_is_written_down_with_its_traceback_and_id(client, caplog):
    answer = client.get("/broken")

    [record] = [r for r in caplog.records if r.name == "django.request"]
    assert record.exc_info or record.exc_text
    assert answer.headers["X-Request-ID"]
