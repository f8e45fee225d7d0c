"""A delivery counts only when it is signed with a secret we share, and just now."""

import hashlib
import hmac

import pytest

from integrations.chatwoot import signatures
from integrations.chatwoot.signatures import SignatureError, verify
from tenants.credentials import Secret

BODY = '{"event":"message_created","id":1,"content":"Olá \\u003cb\\u003e"}'.encode()
SECRET = Secret("test-secret")
NOW = 1781691630
SIGNATURE = "sha256=5ba84409683faafecae400702f23e0076b37bae85ca1fcba61aaf1ee5707025b"
HEADERS = {"X-Chatwoot-Signature": SIGNATURE, "X-Chatwoot-Timestamp": str(NOW)}


def signed(timestamp, body=BODY, secret="test-secret"):
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return {
        "X-Chatwoot-Signature": f"sha256={digest.hexdigest()}",
        "X-Chatwoot-Timestamp": timestamp,
    }


def is_refused(headers, *, body=BODY, secrets=(SECRET,), now=NOW):
    with pytest.raises(SignatureError):
        verify(body, headers, secrets, now=now)
    return True


def test_a_true_signature_holds():
    assert verify(BODY, HEADERS, [SECRET], now=NOW) == 0


def test_names_of_headers_may_be_written_in_any_way():
    assert verify(BODY, {k.upper(): v for k, v in HEADERS.items()}, [SECRET], now=NOW) == 0


@pytest.mark.parametrize("others", [["new", "test-secret"], ["test-secret", "new"]])
def test_one_of_several_secrets_is_enough(others):
    assert verify(BODY, HEADERS, [Secret(text) for text in others], now=NOW) == 0


def test_another_body_is_refused():
    assert is_refused(HEADERS, body=BODY.replace(b"1", b"2"))


@pytest.mark.parametrize("skew", [-300, 0, 300])
def test_the_skew_of_the_clocks_is_told(skew):
    assert verify(BODY, HEADERS, [SECRET], now=NOW + skew) == skew


@pytest.mark.parametrize("skew", [-301, 301, 10**9])
def test_another_time_is_refused(skew):
    assert is_refused(HEADERS, now=NOW + skew)


@pytest.mark.parametrize(
    "timestamp",
    ["", "nan", "inf", "1e9", "-1", " 1781691630", "1781691630\n", "١٧٨١٦٩١٦٣٠", "1_781_691_630"],
)
def test_a_time_that_is_no_number_is_refused_though_signed(timestamp):
    assert is_refused(signed(timestamp))


def test_a_huge_time_is_refused():
    assert is_refused(signed("9" * 12))
    assert is_refused(signed("9" * 5_000))


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        SIGNATURE.upper(),
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE + "0",
        "é",
        "\ud800",
    ],
    ids=ascii,
)
def test_another_signature_is_refused(signature):
    assert is_refused({**HEADERS, "X-Chatwoot-Signature": signature})


@pytest.mark.parametrize("missing", HEADERS)
def test_an_unsigned_delivery_is_refused(missing):
    assert is_refused({name: value for name, value in HEADERS.items() if name != missing})


def test_without_a_secret_everything_is_refused():
    assert is_refused(HEADERS, secrets=[])
    assert is_refused(signed(str(NOW), secret=""), secrets=[])


@pytest.mark.parametrize("secrets", [[], [SECRET]], ids=["none", "one"])
def test_none_takes_as_much_work_as_one(secrets, monkeypatch):
    compared = []

    def compare(mine, theirs):
        compared.append(mine)
        return False

    monkeypatch.setattr(signatures.hmac, "compare_digest", compare)

    assert is_refused(HEADERS, secrets=secrets)
    assert len(compared) == 1


def test_the_error_does_not_say_why():
    texts = set()
    for headers, secrets in ((HEADERS, []), ({}, [SECRET]), (signed("1"), [SECRET])):
        with pytest.raises(SignatureError) as caught:
            verify(BODY, headers, secrets, now=NOW)
        texts.add(str(caught.value))

    assert len(texts) == 1
    assert "test-secret" not in texts.pop()
