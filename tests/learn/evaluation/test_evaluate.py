"""The whole evaluation: account, caveats, summary, and the files that are written."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from camtrap.errors import DataError
from camtrap.learn.evaluation.evaluate import evaluate, headline, split_name, summary, unread_count
from camtrap.learn.evaluation.judged import Judged
from camtrap.learn.evaluation.report import report, terminal
from camtrap.learn.evaluation.write import check_out, write_evaluation
from camtrap.outputs.brief import POLICY
from camtrap.records import State
from tests.cards import frame, put
from tests.learn.evaluation.made import answers, judged, sample, some_of_each

pytest.importorskip("matplotlib")


@pytest.fixture
def said():
    """Nine judged pictures, one that could not be read, one that is nowhere."""
    broken = Judged(sample("leopard", "cut.jpg"), State.TRUNCATED, reason="ends early")
    return answers([*some_of_each(), broken], [sample("prey", "gone.jpg")])


@pytest.fixture
def found(said):
    return evaluate(said, truth="truth.csv", rounds=20)


def test_every_labelled_picture_is_accounted_for(found, said):
    account = found["account"]
    assert found["truth"]["pictures"] == 11
    assert account["judged"] + account["truncated"] + account["not found"] == 11
    assert account["files"] == [
        {"file": "cut.jpg", "state": "truncated", "reason": "ends early"},
        {"file": "gone.jpg", "state": "not found", "reason": ""},
    ]
    assert unread_count(said) == 1


def test_what_was_not_looked_at_counts_in_no_figure(found):
    assert found["overall"]["pictures"] == 9
    assert found["overall"]["truth"]["leopard"] == 3


def test_sources_without_empties_have_figures_without_them(found):
    assert found["without_sources"] == ["cct"]
    assert found["without"]["pictures"] == 7


def test_the_same_answers_give_the_same_value(found, said):
    again = evaluate(said, truth="truth.csv", rounds=20)
    assert json.dumps(again, allow_nan=False) == json.dumps(found, allow_nan=False)


def test_caveats_name_what_the_figures_cannot_tell(found):
    told = " ".join(found["caveats"])
    for word in (
        "3 leopards of 2 groups",
        "(cct)",
        "1 picture of spotted cats",
        "Of 11 labelled pictures 2 could",
    ):
        assert word in told


def test_pictures_that_were_trained_on_are_a_caveat():
    pictures = [judged("prey", "prey", split="train")]
    assert any("`train`" in line for line in evaluate(answers(pictures), rounds=0)["caveats"])


def test_a_truth_without_leopards_says_so():
    told = evaluate(answers([judged("prey", "prey")]), rounds=0)["caveats"]
    assert any("no leopard" in line for line in told)


def test_when_nothing_was_judged_nothing_is_known():
    found = evaluate(answers([], [sample("prey")]), rounds=5)
    assert found["overall"]["leopard"]["recall"]["value"] is None
    json.dumps(summary(found), allow_nan=False)


def test_the_summary_holds_flat_rows_and_no_file_names(found):
    told = summary(found)
    text = json.dumps(told, allow_nan=False)
    assert ".jpg" not in text
    recall = told["figures"][0]
    assert recall["figure"] == "leopard recall"
    assert (recall["value"], recall["right"], recall["count"]) == (0.333333, 1, 3)
    assert recall["interval"] == pytest.approx([0.0615, 0.7923], abs=1e-3)
    assert {row["label"] for row in told["by_label"]} == {"leopard", "prey", "other", "empty"}
    assert len(told["worst"]) == 5


def test_headline_figures(found):
    assert list(headline(summary(found)))[:2] == ["leopard recall", "leopard precision"]
    assert headline({}) == {}


@pytest.mark.parametrize(
    ("splits", "name"), [(["b", "a"], "a+b"), (["test"], "test"), ([""], "truth.csv")]
)
def test_figures_are_called_after_the_splits_else_the_file(splits, name):
    pictures = [judged("prey", "prey", file=f"{s}.jpg", split=s) for s in splits]
    assert split_name(evaluate(answers(pictures), truth="truth.csv", rounds=0)) == name


def test_the_report_tells_figures_with_intervals_and_what_was_not_judged(found):
    text = report(found)
    assert "| leopard recall | 0.333 | [0.061, 0.792] | 1/3 |" in text
    assert "## By modality" in text
    assert "| cut.jpg | truncated | ends early |" in text
    assert "| leopard | 1 | 0 | 0 | 0 | 0 | 1 | 1 |" in text
    assert text.endswith("|\n")


def test_the_terminal_gets_a_line_a_figure(found):
    lines = list(terminal(found))
    assert re.match(r"leopard recall +0\.333 \[0\.061, 0\.792\] \(1/3\)", lines[0])


class Tags(HTMLParser):
    """Gathers tags and what they would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attributes if name in ("src", "href")]


@pytest.fixture
def written(tmp_path):
    """An evaluation on disk, of pictures with names and species that would break a page."""
    card = put(tmp_path / "cards", {"a.jpg": frame("leopard"), "b.jpg": frame("prey")})
    evil = "<script>alert(1)</script>"
    pictures = [
        judged("leopard", "empty", file=evil, path=card / "a.jpg", species="Panthera pardus"),
        judged("prey", "leopard", file="b.jpg", path=card / "b.jpg", species='"><img src=x>'),
        judged("other", "leopard", file="gone.jpg", path=card / "gone.jpg"),
    ]
    found = evaluate(answers(pictures), rounds=5)
    out = tmp_path / "out" / "evaluation"
    return out, write_evaluation(found, pictures, out)


def test_four_files_are_written(written):
    out, paths = written
    assert [path.name for path in paths] == [
        "evaluation.json",
        "evaluation.md",
        "mistakes.html",
        "reliability.png",
    ]
    assert {path.name for path in out.iterdir()} == {path.name for path in paths}
    said = json.loads(paths[0].read_text(encoding="utf-8"))
    assert said["schema"] == 1
    assert said["missed_leopards"][0]["state"] == "empty"
    assert paths[3].read_bytes().startswith(b"\x89PNG")
    assert b"\r" not in paths[0].read_bytes() + paths[1].read_bytes()


def test_the_page_shows_every_mistake_and_loads_nothing(written):
    _, paths = written
    page = paths[2].read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in page
    assert tags.tags.count("figure") == 3
    assert tags.tags.count("img") == 2  # the third picture is gone, and says so
    assert "can no longer be read" in page
    assert all(load.startswith("data:image/jpeg;base64,") for load in tags.loads)
    assert "script" not in tags.tags
    assert "&lt;script&gt;" in page
    assert page.index("Leopards missed") < page.index("False leopards")


def test_missed_leopards_come_first_on_the_page(written):
    page = written[1][2].read_text(encoding="utf-8")
    figures = re.findall(r'<figure class="card (\w+)">', page)
    assert figures[0] == "leopard"


def test_nothing_is_written_among_the_pictures(tmp_path):
    with pytest.raises(DataError, match="nothing is ever written"):
        check_out(tmp_path / "cards" / "new" / "evaluation", [tmp_path / "cards" / "a.jpg"])
    check_out(tmp_path / "evaluation", [tmp_path / "cards" / "a.jpg"])
