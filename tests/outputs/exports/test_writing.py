"""An export replaces the earlier one only when it is whole, and never what a person made."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap.errors import SeasonError
from camtrap.ledger.lock import locked
from camtrap.outputs.exports import writing
from camtrap.outputs.exports.base import Exported, Format, Source
from camtrap.outputs.exports.opening import source_of
from camtrap.outputs.exports.writing import MARK, export
from tests.cards import snapshot
from tests.outputs.exports.made import Row, made_season

Files = dict[str, str]


@dataclass
class Writer:
    """A format that writes what it is told, and may fail after it."""

    files: Files = field(default_factory=dict)
    error: BaseException | None = None
    missing: int = 0
    was_empty: bool = False

    def __call__(self, source: Source, out: Path) -> Exported:
        self.was_empty = not any(out.iterdir())
        for name, text in self.files.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8")
        if self.error is not None:
            raise self.error
        return Exported(tuple(out / name for name in self.files), 1, ("A note.",), self.missing)


@dataclass
class Desk:
    source: Source
    writer: Writer
    form: Format

    def export(self, files: Files, parent: Path | None = None, **said) -> Exported:
        self.writer.files = files
        for name in ("error", "missing"):
            setattr(self.writer, name, said.get(name))
        self.writer.missing = said.get("missing", 0)
        return export(self.source, self.form, parent or self.place.parent)

    @property
    def place(self) -> Path:
        return self.source.season / "exports" / self.form.name


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    writer = Writer()
    monkeypatch.setattr(Format, "writer", lambda self: writer)
    season = made_season(tmp_path / "season", [Row("a.JPG")])
    with source_of(season) as source:
        yield Desk(source, writer, Format("thing", "nobody", "none", {"where": ""}, "", "where"))


def held(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARK
    }


def test_it_lies_in_its_folder_and_nothing_else_is_left(desk: Desk) -> None:
    done = desk.export({"a.txt": "1", "deep/b.txt": "2"})
    assert done.paths == (desk.place / "a.txt", desk.place / "deep" / "b.txt")
    assert held(desk.place) == {"a.txt": "1", "deep/b.txt": "2"}
    assert [path.name for path in desk.place.parent.iterdir()] == ["thing"]
    assert done.notes == ("A note.",)


def test_the_next_one_takes_its_place_with_nothing_of_it_left(desk: Desk) -> None:
    desk.export({"a.txt": "1", "old.txt": "x"})
    done = desk.export({"a.txt": "2"})
    assert held(desk.place) == {"a.txt": "2"}
    assert desk.writer.was_empty
    assert [path.name for path in desk.place.parent.iterdir()] == ["thing"]
    assert done.notes == ("A note.",)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left"), SeasonError("x"), KeyboardInterrupt()]
)
def test_one_that_fails_leaves_the_earlier_as_it_was(desk: Desk, error: BaseException) -> None:
    desk.export({"a.txt": "1"})
    with pytest.raises((SeasonError, KeyboardInterrupt)):
        desk.export({"a.txt": "2"}, error=error)
    assert held(desk.place) == {"a.txt": "1"}
    assert [path.name for path in desk.place.parent.iterdir()] == ["thing"]


def test_a_full_disk_is_told_in_words(desk: Desk) -> None:
    with pytest.raises(SeasonError, match=r"No space left.*earlier export is as it was"):
        desk.export({}, error=OSError(28, "No space left"))


@pytest.mark.parametrize("moment", ["writing", "swapping"])
def test_a_killed_one_is_cleared_by_the_next(desk: Desk, moment: str) -> None:
    desk.export({"a.txt": "1"})
    work = desk.place.with_name(".thing.part")
    (work / "new").mkdir(parents=True)
    (work / "new" / "half.txt").write_text("?")
    if moment == "swapping":
        desk.place.rename(work / "old")
        with pytest.raises(SeasonError):
            desk.export({}, error=SeasonError("x"))
        assert held(desk.place) == {"a.txt": "1"}
    desk.export({"a.txt": "2"})
    assert held(desk.place) == {"a.txt": "2"}
    assert [path.name for path in desk.place.parent.iterdir()] == ["thing"]


def test_the_folder_comes_back_when_the_new_one_cannot_be_put_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.export({"a.txt": "1"})
    rename = Path.rename

    def barred(self: Path, to: Path) -> Path:
        if self.name == "new":
            raise PermissionError(13, "open elsewhere")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", barred)
    with pytest.raises(SeasonError, match="open elsewhere"):
        desk.export({"a.txt": "2"})
    assert held(desk.place) == {"a.txt": "1"}


@pytest.mark.parametrize("change", ["added", "edited", "unmarked"])
def test_what_a_person_put_there_is_kept(desk: Desk, change: str) -> None:
    desk.export({"a.txt": "1", "z/b.txt": "2"})
    if change == "added":
        (desk.place / "z" / "mine.txt").write_text("mine")
    elif change == "edited":
        (desk.place / "a.txt").write_text("1, and more")
    else:
        (desk.place / MARK).unlink()
    before = held(desk.place)
    done = desk.export({"a.txt": "2"})
    kept = desk.place.with_name("thing-earlier-1")
    assert held(desk.place) == {"a.txt": "2"}
    assert held(kept) == before
    assert str(kept) in done.notes[-1]
    (desk.place / "again.txt").write_text("mine")
    desk.export({})
    assert desk.place.with_name("thing-earlier-2").is_dir()


def test_what_a_person_removed_or_a_computer_added_is_no_reason_to_keep(desk: Desk) -> None:
    desk.export({"a.txt": "1", "b.txt": "2"})
    (desk.place / "a.txt").unlink()
    (desk.place / "Thumbs.db").write_text("x")
    desk.export({"a.txt": "2"})
    assert [path.name for path in desk.place.parent.iterdir()] == ["thing"]


def test_the_earlier_is_kept_when_pictures_were_missing(desk: Desk) -> None:
    desk.export({"a.txt": "1"})
    desk.export({"b.txt": "1"}, missing=1)
    assert held(desk.place.with_name("thing-earlier-1")) == {"a.txt": "1"}


names = st.text("ab.-é\n \\ё", min_size=1, max_size=4).filter(lambda n: n.strip(". ") == n)


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot be made there")
@given(st.dictionaries(st.tuples(names, names), st.text("xy", max_size=3), max_size=8), names)
def test_ours_are_known_as_ours_whatever_their_names(tmp_path, files, extra) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir()))) / "new"
    folder.mkdir(parents=True)
    for (above, name), text in files.items():
        (folder / above).mkdir(exist_ok=True)
        (folder / above / name).write_text(text)
    writing._write_mark(folder, "thing")
    assert writing._stranger(folder) == ""
    (folder / f"{extra}-mine").write_text("mine")
    assert writing._stranger(folder) == f"{extra}-mine"


def test_with_the_option_it_works_on_the_folder_itself(desk: Desk) -> None:
    desk.export({"a.txt": "1"})
    desk.source = replace(desk.source, options={"where": "x"})
    with pytest.raises(SeasonError):
        desk.export({"b.txt": "2"}, error=SeasonError("x"))
    assert held(desk.place) == {"a.txt": "1", "b.txt": "2"}
    assert not desk.writer.was_empty


def test_two_at_once_are_refused(desk: Desk) -> None:
    work = desk.place.with_name(".thing.part")
    with locked(work, "camtrap export"):
        (work / "new").mkdir()
        with pytest.raises(SeasonError, match="being written"):
            desk.export({"a.txt": "1"})
        assert (work / "new").is_dir()
    assert not desk.place.exists()


# -- never onto a card


@pytest.mark.parametrize("where", [".", "DCIM", "DCIM/not/there/yet", "../card/DCIM"])
def test_nothing_is_written_to_a_card(desk: Desk, where: str) -> None:
    card = desk.source.ledger.cards()[0].root
    (card / "DCIM").mkdir(parents=True)
    before = snapshot(card)
    with pytest.raises(SeasonError, match="nothing is ever written to a card"):
        desk.export({"a.txt": "1"}, card / where)
    assert snapshot(card) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_to_a_card_is_seen_through(desk: Desk, tmp_path: Path) -> None:
    card = desk.source.ledger.cards()[0].root
    (card / "DCIM").mkdir(parents=True)
    (tmp_path / "innocent").symlink_to(card / "DCIM")
    desk.place.parent.mkdir()
    desk.place.symlink_to(card)
    before = snapshot(card)
    for parent in (tmp_path / "innocent", desk.place.parent):
        with pytest.raises(SeasonError, match="nothing is ever written to a card"):
            desk.export({"a.txt": "1"}, parent)
    assert snapshot(card) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_link_or_a_file_in_its_place_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    desk.place.parent.mkdir()
    desk.place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SeasonError, match="not a folder of its own"):
        desk.export({"a.txt": "1"})
    desk.place.unlink()
    desk.place.write_text("a file")
    with pytest.raises(SeasonError, match="not a folder of its own"):
        desk.export({"a.txt": "1"})
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_beside_a_card_is_no_card(desk: Desk) -> None:
    card = desk.source.ledger.cards()[0].root
    card.mkdir(parents=True)
    desk.export({"a.txt": "1"}, card.with_name("card-exports"))
