"""A log line is one JSON object with the ids of the work, and nobody's personal data."""

import json
import logging
import logging.config

import pytest
from django.conf import settings

from chatwoot_ai.logs import JsonFormatter, MaskingFilter
from tenants import context

CPF = "529.982.247-25"


@pytest.fixture
def lines():
    """What a logger writes through the project's filter and formatter."""
    written = []

    class Collector(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    handler = Collector()
    handler.addFilter(MaskingFilter())
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("test.logs")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in written]
    logger.removeHandler(handler)


@pytest.fixture
def logger():
    return logging.getLogger("test.logs")


def test_line_names_time_level_logger_and_message(lines, logger):
    logger.warning("Slow answer: %s ms", 12)

    [line] = lines()
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"], line["message"]) == (
        "WARNING",
        "test.logs",
        "Slow answer: 12 ms",
    )


def test_line_carries_the_ids_of_the_work(lines, logger):
    with context.bind(request_id="r1", via="api", tenant="moveis", conversation="77"):
        logger.info("x")

    [line] = lines()
    assert (line["request_id"], line["via"], line["tenant"], line["conversation"]) == (
        "r1",
        "api",
        "moveis",
        "77",
    )


def test_line_holds_neither_address_nor_name_of_a_person(lines, logger):
    with context.bind(address="203.0.113.9", actor="Helena"):
        logger.info("x")

    assert not {"203.0.113.9", "Helena"} & set(map(str, lines()[0].values()))


def test_every_line_is_one_line(lines, logger):
    logger.info("first\nsecond\r\n%s", "third\u2028fourth")

    assert len(lines()) == 1


def test_forged_line_stays_inside_its_message(lines, logger):
    logger.info("%s", 'x"}\n{"level": "ERROR", "message": "forged"}')

    assert lines()[0]["level"] == "INFO"


def test_personal_data_is_masked_in_the_message(lines, logger):
    logger.info("customer " + CPF)  # noqa: G003  what a developer in a hurry might write

    assert lines()[0]["message"] == "customer [CPF]"


def test_personal_data_is_masked_in_arguments(lines, logger):
    logger.info("customer %s", CPF)

    assert lines()[0]["message"] == "customer [CPF]"


def test_personal_data_is_masked_in_named_arguments(lines, logger):
    logger.info("customer %(cpf)s", {"cpf": CPF})

    assert lines()[0]["message"] == "customer [CPF]"


def test_personal_data_is_masked_in_structures(lines, logger):
    logger.info("got %s", {"cpf": CPF, "password": "k3j4", "phones": ["(11) 98765-4321"]})

    line = json.dumps(lines()[0])
    assert CPF not in line
    assert "k3j4" not in line
    assert "98765" not in line


def test_personal_data_is_masked_in_a_traceback(lines, logger):
    try:
        raise ValueError(f"no customer {CPF}")
    except ValueError:
        logger.exception("failed")

    [line] = lines()
    assert CPF not in json.dumps(line)
    assert "ValueError: no customer [CPF]" in line["traceback"]
    assert "test_logs.py" in line["traceback"]


def test_personal_data_is_masked_in_the_cause_of_a_traceback(lines, logger):
    try:
        try:
            raise KeyError(CPF)
        except KeyError as cause:
            raise ValueError("no customer") from cause
    except ValueError:
        logger.exception("failed")

    assert CPF not in json.dumps(lines()[0])


def test_personal_data_is_masked_in_extra_values(lines, logger):
    logger.info("x", extra={"customer": CPF, "ms": 12.5, "ok": True})

    [line] = lines()
    assert (line["customer"], line["ms"], line["ok"]) == ("[CPF]", 12.5, True)


def test_objects_in_extra_values_stay_out(lines, logger):
    logger.info("x", extra={"request": object(), "form": {"password": "k3j4"}})

    assert not {"request", "form"} & set(lines()[0])


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("%d items", ("many",)),
        ("%s and %s", ("one",)),
        ("nothing", ("too", "much")),
        ("%(name)s", ({"other": 1},)),
        ("100 %", (1,)),
        ("%", (1,)),
        (("a", "tuple"), ()),
        (None, ()),
        (object(), ()),
        (ValueError("%s"), (1,)),
    ],
)
def test_bad_format_arguments_do_not_lose_the_line(lines, logger, message, arguments):
    logger.info(message, *arguments)

    assert len(lines()) == 1


def test_argument_that_cannot_be_shown_does_not_lose_the_line(lines, logger):
    class Broken:
        def __str__(self):
            raise RuntimeError("no text")

        __repr__ = __str__

    logger.info("got %s", Broken())

    assert len(lines()) == 1


def test_text_that_is_no_unicode_can_be_written_and_read():
    """Written to standard error, which escapes what it cannot encode."""
    record = logging.makeLogRecord({"msg": "odd \udcff \x00 text", "levelname": "INFO"})

    MaskingFilter().filter(record)
    written = JsonFormatter().format(record).encode("utf-8", "backslashreplace")

    assert json.loads(written)["message"].startswith("odd")


def test_line_passed_through_two_handlers_is_the_same(lines, logger):
    second = logging.NullHandler()
    second.addFilter(MaskingFilter())
    logger.addHandler(second)
    logger.info("customer %s", CPF)
    logger.removeHandler(second)

    assert lines()[0]["message"] == "customer [CPF]"


def test_every_handler_of_the_project_masks():
    handlers = settings.LOGGING["handlers"].values()

    assert all("masking" in handler["filters"] for handler in handlers)
    assert not any(logger.get("handlers") for logger in settings.LOGGING["loggers"].values())


@pytest.mark.parametrize("format_name", ["json", "text"])
def test_project_writes_masked_lines_in_both_formats(format_name, capsys):
    config = {
        **settings.LOGGING,
        "handlers": {
            "stream": {**settings.LOGGING["handlers"]["stream"], "formatter": format_name}
        },
    }
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logging.config.dictConfig(config)
        try:
            raise ValueError(CPF)
        except ValueError:
            logging.getLogger("tenants").exception("customer %s", CPF)
        for handler in root.handlers:
            handler.flush()
    finally:
        root.handlers[:] = before
        root.setLevel(level)

    written = capsys.readouterr().err
    assert "[CPF]" in written
    assert CPF not in written
    assert "ValueError" in written


def test_request_is_logged_with_route_status_and_id(client, db, caplog):
    with caplog.at_level(logging.INFO, logger="chatwoot_ai.requests"):
        answer = client.get("/admin/login/?next=/admin/", headers={"X-Request-ID": "request-1"})

    [record] = [r for r in caplog.records if r.name == "chatwoot_ai.requests"]
    assert record.getMessage() == "GET admin:login 200"
    assert record.ms >= 0
    assert answer.headers["X-Request-ID"] == "request-1"


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/nowhere"])
def test_requests_of_machines_are_not_logged(client, db, caplog, path):
    with caplog.at_level(logging.INFO, logger="chatwoot_ai.requests"):
        client.get(path)

    assert [r for r in caplog.records if r.name == "chatwoot_ai.requests"] == []


def test_address_of_a_page_with_personal_data_is_not_logged(signed_in, helena, caplog):
    with caplog.at_level(logging.DEBUG):
        signed_in(helena).get("/admin/tenants/membership/", {"q": CPF})

    assert CPF not in caplog.text
