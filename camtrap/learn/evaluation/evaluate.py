"""The whole evaluation as one plain value, and the summary of it that a model carries with it."""

from __future__ import annotations

from typing import Any

from camtrap import __version__
from camtrap.learn.evaluation import events, slices
from camtrap.learn.evaluation.figures import (
    Figures,
    confusion_rows,
    counts,
    figures,
    label_rows,
    rows,
)
from camtrap.learn.evaluation.judged import Answers, Judged
from camtrap.learn.evaluation.mistakes import (
    described,
    detailed,
    find_mistakes,
    missed_leopards,
    worst,
)
from camtrap.outputs.markup import count
from camtrap.records import State

SCHEMA = 1
ROUNDS = 1000
NOT_FOUND = "not found"


def evaluate(answers: Answers, *, truth: str = "", rounds: int = ROUNDS, seed: int = 0) -> Figures:
    """Every figure of these answers, as `docs/evaluation.md` explains; `truth` names the file.

    The same answers give the same value. Raises no error when nothing was looked at: then no
    figure is known.
    """
    judged = answers.looked_at
    without = slices.sources_without_empties(judged)
    rest = [each for each in judged if each.sample.source not in without]
    mistakes = find_mistakes(judged)
    found: Figures = {
        "schema": SCHEMA,
        "camtrap": __version__,
        "model": {
            "name": answers.model.name,
            "sha256": answers.model.sha256,
            "thresholds": dict(answers.model.thresholds),
        },
        "truth": _truth(answers, truth),
        "account": _account(answers),
        "overall": figures(judged, rounds=rounds, seed=seed),
        "without_sources": without,
        "without": figures(rest, rounds=rounds, seed=seed) if without and rest else None,
        "by": slices.slices(judged),
        "events": events.event_figures(judged),
        "missed_leopards": missed_leopards(judged),
        "worst": [described(mistake) for mistake in worst(mistakes)],
        "mistakes": [detailed(mistake) for mistake in mistakes],
    }
    return {**found, "caveats": caveats(found)}


def _truth(answers: Answers, name: str) -> dict[str, Any]:
    samples = [each.sample for each in answers.judged] + list(answers.missing)
    return {
        "file": name,
        "splits": sorted({sample.split for sample in samples if sample.split}),
        "pictures": len(samples),
        "labels": counts(sample.label for sample in samples),
    }


def _account(answers: Answers) -> dict[str, Any]:
    """Where every labelled picture is: judged, in a state that no model saw, or nowhere."""
    unread = answers.not_looked_at
    states = {state.value: sum(each.state is state for each in unread) for state in State}
    missing = [
        {"file": sample.file, "state": NOT_FOUND, "reason": ""} for sample in answers.missing
    ]
    return {
        "judged": len(answers.looked_at),
        **{state: count for state, count in states.items() if count},
        NOT_FOUND: len(missing),
        "files": [*map(_unread, unread), *missing],
    }


def _unread(each: Judged) -> dict[str, str]:
    return {"file": each.sample.file, "state": each.state.value, "reason": each.reason}


def caveats(found: Figures) -> list[str]:
    """What has to be known to read the figures, as far as the pictures themselves tell."""
    overall, account = found["overall"], found["account"]
    said = [
        f"{count(overall['pictures'], 'picture')} of {overall['groups']:,} sites or events. "
        "Frames of one hang together: intervals by group draw whole groups and are the ones to "
        "trust, as far as there are many groups."
    ]
    if leopards := overall["truth"].get(State.LEOPARD, 0):
        said.append(
            f"{count(leopards, 'leopard')} of {overall['leopard']['groups']:,} groups. Where all"
            " or none of them were found, there is no interval by group: nothing tells how "
            "other groups would differ."
        )
    else:
        said.append("There is no leopard among the pictures: nothing is known of its recall.")
    if found["without_sources"]:
        names = ", ".join(found["without_sources"])
        said.append(
            f"Sources with animals and no empty picture ({names}) let a model tell cameras apart "
            "instead of animals; the figures without them stand beside."
        )
    if alike := overall["leopard"]["look_alikes"]["count"]:
        said.append(
            f"{count(alike, 'picture')} of spotted cats of other continents are among them; "
            "precision is given with and without those."
        )
    if "train" in found["truth"]["splits"]:
        said.append("Pictures of the split `train` are among them: a model may have learned them.")
    if lost := found["truth"]["pictures"] - account["judged"]:
        said.append(
            f"Of {count(found['truth']['pictures'], 'labelled picture')} {lost:,} could not be "
            "judged: these count in no figure."
        )
    return said


def summary(found: Figures) -> Figures:
    """What goes into `model.json`: flat rows that any table can show, and no file names."""
    without = found["without"]
    account = {key: value for key, value in found["account"].items() if key != "files"}
    return {
        "camtrap": found["camtrap"],
        "model_sha256": found["model"]["sha256"],
        "pictures": found["overall"]["pictures"],
        "groups": found["overall"]["groups"],
        "labels": found["overall"]["truth"],
        "account": account,
        "caveats": found["caveats"],
        "figures": rows(found["overall"]),
        "by_label": label_rows(found["overall"]),
        "look_alikes": [found["overall"]["leopard"]["look_alikes"]],
        "without_sources": found["without_sources"],
        "without": rows(without) if without else [],
        "by": {name: slices.compact_rows(name, parts) for name, parts in found["by"].items()},
        "events_counted": events.counted(found["events"]),
        "events": events.rows(found["events"]),
        "confusion": confusion_rows(found["overall"]),
        "worst": found["worst"],
    }


def headline(told: Figures) -> dict[str, Figures]:
    """The few figures of a summary that a list of models has room for, by name."""
    wanted = (
        "leopard recall",
        "leopard precision",
        "leopard average precision",
        "animal against empty, AUC",
        "animals put away at the model's threshold",
    )
    by_name = {row["figure"]: row for row in told.get("figures", [])}
    return {
        name: {key: value for key, value in by_name[name].items() if key != "figure"}
        for name in wanted
        if name in by_name
    }


def split_name(found: Figures) -> str:
    """Under which name the figures are kept: the splits of the truth, else its file's name."""
    return "+".join(found["truth"]["splits"]) or found["truth"]["file"] or "truth"


def unread_count(answers: Answers) -> int:
    """Pictures that were there and could not be read."""
    return sum(each.state in (State.UNREADABLE, State.TRUNCATED) for each in answers.judged)
