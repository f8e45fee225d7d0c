"""The engine inside the process: one owner, nothing lost, readers undisturbed."""

import json
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from knowledge.engines.edge import shards
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.failures import UnavailableError
from tests.knowledge.engines.points import COSMETICOS, MOVEIS, found_by, of, point, point_id


@contextmanager
def process(project_root, folder, what):
    command = [sys.executable, "-m", "tests.knowledge.engines.edge_process", str(folder), what]
    started = subprocess.Popen(command, cwd=project_root, stdout=subprocess.PIPE, text=True)
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "index"


def test_nothing_is_opened_before_the_first_call(folder):
    EdgeEngine(folder).close()

    assert not folder.exists()


def test_what_was_stored_is_there_after_a_kill(project_root, folder):
    with process(project_root, folder, "store_for_ever") as owner:
        stored = [int(owner.stdout.readline()) for _ in range(300)]
        owner.kill()
        stored += [int(line) for line in owner.stdout]

    engine = EdgeEngine(folder)
    pieces = {found.piece for found in engine.stored("kb", of(MOVEIS), limit=100_000).points}
    engine.close()

    assert {f"faq:{number}" for number in stored} <= pieces


def test_what_was_stored_is_there_after_an_ordinary_end(project_root, folder):
    with process(project_root, folder, "store_and_end") as owner:
        owner.wait(timeout=60)

    engine = EdgeEngine(folder)

    assert engine.count("kb", of(MOVEIS)) == 5
    engine.close()


def test_a_second_process_is_refused_and_harms_nothing(project_root, folder, inside):
    inside.ensure_collection("kb", None)
    inside.upsert("kb", [point(1, "sofá")])

    with process(project_root, folder, "ask") as second:
        said = second.stdout.read()

    assert "is in use by process" in said
    assert "only the process that runs the workers may open it." in said
    inside.upsert("kb", [point(number, "sofá") for number in range(2, 3_000)])
    assert inside.count("kb", of(MOVEIS)) == 2_999
    inside.close()
    assert inside.count("kb", of(MOVEIS)) == 2_999


def test_a_second_owner_in_the_same_process_is_refused(folder, inside):
    inside.ensure_collection("kb", None)

    with pytest.raises(UnavailableError, match="in use by process"):
        EdgeEngine(folder).collections()


def test_the_folder_is_free_after_closing(folder, inside):
    inside.ensure_collection("kb", None)
    inside.upsert("kb", [point(1, "sofá")])
    inside.close()

    second = EdgeEngine(folder)

    assert second.count("kb", of(MOVEIS)) == 1
    second.close()


def test_a_forked_process_is_refused_instead_of_hanging(project_root, folder):
    with process(project_root, folder, "ask_after_fork") as owner:
        child, parent = owner.communicate(timeout=60)[0].splitlines()

    assert "forked" in child
    assert parent == "0"


def test_points_are_put_in_order_while_others_read(monkeypatch, folder, inside):
    monkeypatch.setattr(shards, "LEAST_UNTIDY", 6_000)
    inside.ensure_collection("kb", None)
    inside.upsert("kb", [point(0, "poltrona")])
    first = folders(folder)

    with reading(inside, "poltrona", point_id(0)) as missed:
        inside.upsert("kb", [point(n, f"sofá modelo {n}") for n in range(1, 7_000)])
        inside.delete("kb", of(MOVEIS, pieces=["faq:6999"]))

    assert missed == []
    assert len(folders(folder)) == 1
    assert folders(folder) != first
    for _ in range(2):
        assert inside.count("kb", of(MOVEIS)) == 6_999
        assert found_by(inside, "modelo 6998")[0] == point_id(6998)
        inside.close()


def test_points_that_cannot_be_put_in_order_stay_as_they_are(monkeypatch, folder, inside, caplog):
    monkeypatch.setattr(shards, "LEAST_UNTIDY", 100)
    monkeypatch.setattr(shards, "TIDYING_SECONDS", 0.001)
    inside.ensure_collection("kb", None)

    inside.upsert("kb", [point(n, "sofá") for n in range(150)])

    assert "could not be put in order" in caplog.text
    assert inside.count("kb", of(MOVEIS)) == 150
    assert len(folders(folder)) == 1


def test_a_collection_can_be_dropped_while_others_read(folder, inside):
    inside.ensure_collection("kb", None)
    inside.ensure_collection("old", None)
    for name in ("kb", "old"):
        inside.upsert(name, [point(1, "sofá")])
    inside.point_alias("live", "old")

    with reading(inside, "sofá", point_id(1), name="live") as missed:
        inside.point_alias("live", "kb")
        inside.drop_collection("old")

    assert missed == []
    assert len(folders(folder)) == 1


def test_left_over_folders_go_at_the_next_start(folder, inside):
    inside.ensure_collection("kb", None)
    inside.close()
    (folder / "points-broken-off").mkdir()

    assert inside.collections() == ["kb"]
    assert len(folders(folder)) == 1


def test_a_damaged_collection_says_so_and_can_be_made_anew(folder, inside):
    inside.ensure_collection("kb", None)
    inside.ensure_collection("other", None)
    inside.upsert("kb", [point(1, "sofá", COSMETICOS)])
    inside.upsert("other", [point(1, "sofá")])
    inside.close()
    for path in damaged(folder):
        path.write_bytes(b"\0" * 50)

    with pytest.raises(UnavailableError):
        inside.count("kb", of(COSMETICOS))
    assert inside.count("other", of(MOVEIS)) == 1
    inside.drop_collection("kb")
    inside.ensure_collection("kb", None)
    assert inside.count("kb", of(COSMETICOS)) == 0


def test_a_damaged_catalogue_says_what_to_do(folder, inside):
    inside.ensure_collection("kb", None)
    inside.close()
    (folder / "catalogue.json").write_text("{")

    with pytest.raises(UnavailableError, match="build the index again"):
        inside.collections()
    with pytest.raises(UnavailableError, match="build the index again"):
        inside.collections()


def folders(folder):
    return sorted(path.name for path in folder.glob("points-*"))


def damaged(folder):
    """Files of the collection "kb"."""
    entry = json.loads((folder / "catalogue.json").read_text())["collections"]["kb"]
    return list((folder / entry["folder"]).rglob("*.json"))


@contextmanager
def reading(engine, text, expected, name="kb"):
    stop, missed = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                if found_by(engine, text, name=name)[:1] != [expected]:
                    missed.append("found something else")
            except Exception as error:  # noqa: BLE001  all of them are shown
                missed.append(error)
            time.sleep(0.002)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield missed
    finally:
        stop.set()
        reader.join()
