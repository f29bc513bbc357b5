"""What is kept of a run while it goes on, and what is said when it cannot be."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from dataclasses import fields
from errno import ENOSPC

import numpy as np
import pytest

from cea.engine.batch import Totals
from cea.errors import CeaError, InputError, UsageError
from cea.reports import psa_store
from cea.reports.psa_store import UNFINISHED, MemoryStore, PsaStore, check_space


def totals(seed: int, rows: int = 3) -> Totals:
    draw = np.random.default_rng(seed).random
    return Totals(
        cost=draw((rows, 2)), effect=draw((rows, 2)), life_years=draw((rows, 2)), alive=draw((rows, 2, 1)),
        cost_by_category=draw((rows, 2, 4)),
    )  # fmt: skip


def same(one: Totals, other: Totals) -> bool:
    return all(np.array_equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(Totals))


@pytest.fixture
def store(tmp_path) -> PsaStore:
    return PsaStore.create(tmp_path / "run", {"n": 7})


def test_a_store_is_found_again_with_its_request_and_segments(store, tmp_path):
    store.save(2, totals(2))
    store.save(0, totals(0))
    for name in (tmp_path / "run", tmp_path / f"run{UNFINISHED}"):
        found = PsaStore.open(name)
        assert (found.request, found.run, found.finished(3)) == ({"n": 7}, tmp_path / "run", {0, 2})
        assert same(found.load(2), totals(2))
    store.save(1, totals(1))
    assert all(same(part, totals(index)) for index, part in enumerate(store.segments(3)))
    store.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_half_written_segment_does_not_count(store):
    (store.folder / "segment-000000.tmp").write_bytes(b"half")
    assert store.finished(1) == set()


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: b"text", lambda data: data[: len(data) // 2],
                                    lambda data: data[:400] + bytes(40) + data[440:]])  # fmt: skip
def test_a_damaged_segment_is_named(store, damage):
    store.save(0, totals(0, 200))
    path = store.folder / "segment-000000.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=re.escape(f"{path} is damaged: delete it and resume again")):
        store.load(0)


def test_what_is_not_an_unfinished_run_is_told_apart(store, tmp_path):
    with pytest.raises(UsageError, match=r"is not an unfinished run; .* would end in \.unfinished"):
        PsaStore.open(tmp_path / "other")
    done = tmp_path / "done"
    done.mkdir()
    (done / "manifest.json").write_text("{}")
    for name in (done, tmp_path / f"done{UNFINISHED}"):
        with pytest.raises(UsageError, match="finished, there is nothing to resume"):
            PsaStore.open(name)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', "{"])
def test_a_request_that_cannot_be_read_is_said_plainly(store, text):
    (store.folder / "request.json").write_text(text)
    with pytest.raises(InputError, match="start the run anew"):
        PsaStore.open(store.folder)


def test_a_named_run_is_not_started_over_an_unfinished_one(store, tmp_path):
    store.save(0, totals(0))
    with pytest.raises(UsageError, match="holds an unfinished run: take it up with --resume"):
        PsaStore.create(tmp_path / "run", {"n": 8})
    assert store.finished(1) == {0}
    anew = PsaStore.create(tmp_path / "run", {"n": 8}, force=True)
    assert (anew.folder, anew.finished(1)) == (store.folder, set())


def test_a_run_without_a_name_takes_the_next_that_is_free(store, tmp_path):
    (tmp_path / "run-2").mkdir()
    assert PsaStore.create(tmp_path / "run", {}, named=False).run == tmp_path / "run-3"


def test_a_folder_that_cannot_be_made_is_said_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="choose another folder with --out"):
        PsaStore.create(tmp_path / "file" / "run", {})


def test_a_disk_that_fills_up_is_an_error_with_the_file(store, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(psa_store.np, "savez", full)
    with pytest.raises(CeaError, match=r"could not write .*segment-000003\.npz: No space left on device"):
        store.save(3, totals(3))
    assert store.finished(4) == set()


def test_what_is_left_says_how_to_go_on_and_nothing_where_nothing_is_left(store):
    store.save(0, totals(0))
    assert store.left(2) == f"; what is done is kept: cea psa --resume {store.folder.as_posix()}"
    (store.folder / "segment-000000.npz").unlink()
    assert store.left(2) == ""
    assert not store.folder.exists()


def test_memory_gives_each_segment_once():
    store = MemoryStore()
    store.save(1, totals(1))
    store.save(0, totals(0))
    assert store.finished(2) == {0, 1}
    assert all(same(part, totals(index)) for index, part in enumerate(store.segments(2)))
    assert store.finished(2) == set()
    assert store.left(2) == ""


def test_room_is_looked_for_where_the_folder_will_be(tmp_path, monkeypatch):
    asked = []

    def usage(path: object) -> object:
        asked.append(path)
        return namedtuple("Usage", "total used free")(9, 8, 1_000_000)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    check_space(tmp_path / "not" / "yet", 1_000_000)
    assert asked == [tmp_path]
    with pytest.raises(UsageError, match=r"need about 2 MB .* 1 MB are free: make room, lower -n, or choose another"):
        check_space(tmp_path, 2_000_000)


def test_a_store_that_goes_takes_the_folder_that_was_made_for_it_but_no_other(tmp_path):
    PsaStore.create(tmp_path / "outputs" / "run", {"n": 7}).discard()
    assert list(tmp_path.iterdir()) == []
    first = PsaStore.create(tmp_path / "outputs" / "run", {"n": 7})
    second = PsaStore.create(tmp_path / "outputs" / "other", {"n": 7})
    first.discard()
    assert second.folder.is_dir()
    second.discard()
    assert (tmp_path / "outputs").is_dir()
