"""What is personal or secret stands in no log line; what an operator needs stays readable."""

import signal
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.masking import LONGEST_TEXT, is_card, is_cnpj, is_cpf, mask

PATIENCE_SECONDS = 5


@pytest.fixture
def _hangs_are_cut_off():
    """A pattern that runs away holds the interpreter, but a signal gets through to it."""

    def give_up(*_):
        raise TimeoutError("A pattern does not come to an end.")

    previous = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, previous)


@pytest.mark.parametrize("number", ["529.982.247-25", "52998224725", "111.444.777-35"])
def test_cpf_is_masked(number):
    assert mask(f"customer {number} asked") == "customer [CPF] asked"


@pytest.mark.parametrize("number", ["529.982.247-26", "12345678901", "11111111111", "5299822472"])
def test_number_with_wrong_check_digits_is_no_cpf(number):
    assert not is_cpf(number)
    assert mask(f"order {number}") == f"order {number}"


@pytest.mark.parametrize(
    "number",
    [
        "11.222.333/0001-81",
        "11222333000181",
        "12.ABC.345/01DE-35",
        "12ABC34501DE35",
        "12.abc.345/01de-35",
    ],
)
def test_cnpj_is_masked_with_and_without_letters(number):
    assert mask(f"company {number},") == "company [CNPJ],"


@pytest.mark.parametrize("number", ["11.222.333/0001-82", "12.ABC.345/01DE-36", "00000000000000"])
def test_number_with_wrong_check_digits_is_no_cnpj(number):
    assert not is_cnpj(number)
    assert mask(number) == number


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "3782 822463 10005"],
)
def test_card_is_masked(number):
    assert mask(f"paid with {number}.") == "paid with [card]."


def test_card_is_masked_beside_its_expiry():
    assert mask("4111 1111 1111 1111 12/28 123") == "[card] 12/28 123"


@pytest.mark.parametrize("number", ["4111 1111 1111 1112", "1234567890123456", "4444444444444444"])
def test_number_that_fails_luhn_is_no_card(number):
    assert not is_card(number)
    assert mask(f"order {number}") == f"order {number}"


@pytest.mark.parametrize(
    "number",
    [
        "(11) 98765-4321",
        "(11)98765-4321",
        "(011) 98765-4321",
        "11 98765-4321",
        "11 98765 4321",
        "11987654321",
        "(11) 9 8765-4321",
        "11 9 8765-4321",
        "(11) 3456-7890",
        "11 3456-7890",
        "5511987654321",
        "+55 11 98765-4321",
        "+55 (11) 98765-4321",
        "+55 11 9 8765-4321",
        "+55 (11) 9 8765-4321",
        "+5511987654321",
        "+55 11 3456-7890",
    ],
)
def test_brazilian_phone_is_masked(number):
    assert mask(f"call {number} today") == "call [phone] today"


@pytest.mark.parametrize(
    "number",
    [
        "+1 (415) 555-2671",
        "+14155552671",
        "+351 912 345 678",
        "+44 20 7946 0958",
        "+44 7911 123456",
        "+33 6 12 34 56 78",
        "+49 1512 3456789",
    ],
)
def test_international_phone_is_masked(number):
    assert mask(f"call {number} today") == "call [phone] today"


@pytest.mark.parametrize(
    "text", ["tel:+5511987654321", "whatsapp:+5511987654321", "wa.me/5511987654321"]
)
def test_phone_in_an_address_is_masked(text):
    assert "98765" not in mask(text)


@pytest.mark.parametrize(
    "address", ["maria@loja.com.br", "maria.silva+sac@loja.com.br", "5511987654321@s.whatsapp.net"]
)
def test_email_is_masked(address):
    assert mask(f"from <{address}>") == "from <[e-mail]>"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Bearer abcdef.ghij-klm", "abcdef"),
        ("Authorization: Bearer abc", "abc"),
        ("authorization=Basic dXNlcjpwYXNz", "dXNl"),
        ('{"Authorization": "Bearer x1y2"}', "x1y2"),
        ("{'Authorization': 'Token x1y2'}", "x1y2"),
        ("Cookie: sessionid=k3j4; csrftoken=m5n6", "k3j4"),
        ("Set-Cookie: sessionid=k3j4", "k3j4"),
        ("X-Api-Key: k3j4", "k3j4"),
        ("api_access_token: k3j4", "k3j4"),
        ("GET /v1/orders?access_token=k3j4&page=2", "k3j4"),
        ('"password": "x9"', "x9"),
        ('"password": "q"', "q"),
        ('{"password": "p9,q8;r7"}', "q8"),
        ('{"senha": "duas k3j4"}', "k3j4"),
        ('{"api_key": "a \\"k3j4\\""}', "k3j4"),
        ("'client_secret': 'k3j4'", "k3j4"),
        ("ODOO_PASSWORD=k3j4", "k3j4"),
        ('"{\\"password\\": \\"k3j4\\"}"', "k3j4"),
        ("password: 48", "48"),
        ("postgres://user:k3j4@db:5432/name", "k3j4"),
        ("redis://:k3j4@cache/0", "k3j4"),
        ("amqp://user:k3%40j4@broker//", "k3"),
        ("key sk-proj-k3j4k3j4k3j4k3j4k3j4", "k3j4"),
        ("cwai_k3j4k3j4-k3j4_k3j4k3j4k3j4", "k3j4"),
        ("ghp_k3j4k3j4k3j4k3j4k3j4k3j4", "k3j4"),
        ("AKIAK3J4K3J4K3J4K3J4", "K3J4"),
        ("AIzaSyk3j4k3j4k3j4k3j4k3j4", "k3j4"),
        ("gsk_k3j4k3j4k3j4k3j4k3j4", "k3j4"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.k3j4-k3j4", "k3j4"),
    ],
)
def test_secret_is_masked(text, secret):
    masked = mask(text)

    assert secret not in masked
    assert "[secret]" in masked


def test_what_surrounds_a_secret_stays():
    masked = mask('{"login": "ana", "password": "q1w2", "page": 3}')

    assert '"login": "ana"' in masked
    assert '"page": 3' in masked


def test_address_keeps_its_server():
    assert mask("postgres://user:k3j4@db:5432/name") == "postgres://user:[secret]@db:5432/name"


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01T12:34:56.789012+00:00",
        "2026-07-01 12:34:56,789",
        "2026-07-01T12:34:56-03:00",
        "550e8400-e29b-41d4-a716-446655440000",
        "550e8400-e29b-41d4-8111-111111111112",
        "order S00012345",
        "order 1234567890",
        "order 2000001234567802",
        "R$ 1.234.567,89",
        "R$ 98765,40",
        "1234.56",
        "score 0.11987654321",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "192.168.100.200",
        "10.0.0.1:8000",
        "2001:db8::ff00:42:8329",
        "Django 5.2.19",
        "conversation 1234567",
        "conversation 12345678901",
        "message 123456789012",
        "barcode 7891000000005",
        "sent at 1751371200103",
        "CEP 01310-100",
        "max_tokens: 4096",
        "total_tokens=1500",
        "the token is unknown, expired or revoked",
        "token refreshed",
        "basic authentication is off",
        "password reset asked for",
        "https://loja.example/products?page=2",
    ],
)
def test_what_operators_read_stays(text):
    assert mask(text) == text


@given(st.uuids())
def test_uuid_without_hyphens_stays(identifier):
    assert mask(identifier.hex) == identifier.hex


def test_long_text_is_cut_and_says_how_long_it_was():
    masked = mask("x" * 200_000)

    assert len(masked) <= LONGEST_TEXT + 100
    assert masked.endswith("[200000 characters]")


def test_long_text_is_cut_once():
    once = mask("word " * 40_000)

    assert mask(once) == once


@pytest.mark.parametrize("shown", range(1, 14))
def test_no_part_of_a_number_at_the_cut_is_left(shown):
    start = " " * (LONGEST_TEXT - shown)

    masked = mask(f"{start}529.982.247-25{' ' * 1000}")

    assert not set("0123456789") & set(masked.rpartition("[")[0])


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "1 ",
        "token",
        "token-",
        "token=",
        "password ",
        "authorization:",
        "bearer ",
        "a@a.",
        "://a:",
        "eyJaaaaaaaa.",
        "+1 ",
        '"secret": "',
        "\\",
    ],
)
@pytest.mark.usefixtures("_hangs_are_cut_off")
def test_repetition_is_cut_whatever_repeats(unit):
    text = unit * (200_000 // len(unit))

    assert len(mask(text)) < 2 * LONGEST_TEXT


NAMES = st.sampled_from(
    ["", "senha=", '"password": "', "token: ", "Bearer ", "basic ", "://u:", "phone=", "(", "<"]
)
VALUES = st.text(max_size=8) | st.sampled_from(
    [
        "maria@loja.com.br",
        "529.982.247-25",
        "11.222.333/0001-81",
        "4111 1111 1111 1111",
        "(11) 98765-4321",
        "11 98765-4321",
        "+55 11 98765-4321",
        "sk-k3j4k3j4k3j4k3j4k3j4",
        "k3j4@db",
        "[secret]",
    ]
)
ENDS = st.sampled_from(["", '"', "'", ",", ".", ")", ">", "}", "\\"])
WORDS = st.tuples(NAMES, VALUES, ENDS).map("".join)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)


@settings(deadline=None)
@given(st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_text_can_be_masked(text):
    assert isinstance(mask(text), str)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_masking_twice_changes_nothing_more(text):
    once = mask(text)

    assert mask(once) == once


@settings(deadline=None)
@given(st.integers(0, 10**9 - 1), st.booleans())
def test_every_cpf_is_masked(number, is_formatted):
    cpf = with_check_digits(f"{number:09d}")
    if is_formatted:
        cpf = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"

    assert len(set(f"{number:09d}")) == 1 or mask(cpf) == "[CPF]"


def with_check_digits(digits):
    for _ in range(2):
        weights = range(len(digits) + 1, 1, -1)
        rest = sum(int(d) * w for d, w in zip(digits, weights, strict=True)) * 10 % 11
        digits += str(rest % 10)
    return digits


def test_request_ids_stay():
    request_ids = [uuid.UUID(int=number).hex for number in (1, 2**64, 2**127)]

    assert mask(" ".join(request_ids)) == " ".join(request_ids)
