"""Without a search server the index is one process's; commands beside it ask it."""

import pytest

from knowledge import errands
from knowledge.engines import choosing
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.models import Errand, ErrandState


@pytest.fixture
def elsewhere(tmp_path):
    """This thread finds the index in use, as a process beside the server does."""
    owner = EdgeEngine(tmp_path / "index")
    owner.collections()
    with choosing.another(EdgeEngine(tmp_path / "index")):
        yield
    owner.close()


@pytest.mark.django_db
def test_where_the_index_opens_it_is_done_at_once(moveis, engine):
    assert errands.do(moveis, "sync")["error"] == ""
    assert not Errand.objects.exists()


@pytest.mark.django_db
def test_the_owner_does_what_is_asked(moveis, owner_looks, elsewhere):
    found = errands.do(moveis, "check", seconds=20)

    assert found["passages"] == 0
    assert not Errand.objects.exists()


@pytest.mark.django_db
def test_what_fails_there_is_told_here(moveis, owner_looks, elsewhere, settings):
    settings.ERRANDS = {"broken": "tests.knowledge.test_errands.break_off"}

    with pytest.raises(errands.ErrandError, match="no more disk"):
        errands.do(moveis, "broken", seconds=20)


@pytest.mark.django_db
def test_a_server_that_does_not_answer_is_named(moveis, elsewhere):
    with pytest.raises(errands.ErrandError, match="1 s"):
        errands.do(moveis, "sync", seconds=1)

    assert not Errand.objects.exists()


@pytest.mark.django_db
def test_an_errand_is_carried_out_once(moveis, engine):
    row = Errand.objects.create(tenant=moveis, kind="sync")

    assert (errands.carry_out(), errands.carry_out()) == (1, 0)
    row.refresh_from_db()
    assert row.state == ErrandState.DONE


def break_off(_tenant):
    raise OSError("no more disk")


@pytest.fixture
def owner_looks(monkeypatch, engine):
    """While this one waits, the process that has the index looks for errands."""

    def look(_seconds):
        with choosing.another(engine):
            errands.carry_out()

    monkeypatch.setattr(errands.time, "sleep", look)
