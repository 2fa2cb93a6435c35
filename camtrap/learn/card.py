"""`MODEL_CARD.md`, made from what `model.json` says and from the prose of `card.toml` beside it.

Numbers are never typed: they come from training and evaluation, by way of `model.json`. What
numbers cannot tell (purpose, known failures, notices) is kept in `card.toml`, whose keys are those
of `Prose`, each a sentence or a list of them. A section without content is left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from camtrap.engine.progress import duration
from camtrap.errors import DataError, ModelError
from camtrap.learn.evaluation.markdown import bullets, escaped, is_cell, pairs, table
from camtrap.learn.evaluation.report import figure_sections
from camtrap.outputs.tables import replacing
from camtrap.vision import checkpoint
from camtrap.vision.checkpoint import ModelInfo

CARD, PROSE = "MODEL_CARD.md", "card.toml"

_OWN_SECTIONS = (
    "data",
    "settings",
    "seconds",
    "cross_validation",
    "calibration",
    "ablation",
    "experiments",
)
"""The keys of `training` that have a place of their own; others follow after them."""


@dataclass(frozen=True, slots=True)
class Prose:
    """What a person has to say of a model, in Markdown; one entry a paragraph or point."""

    purpose: tuple[str, ...] = ()
    intended_use: tuple[str, ...] = ()
    training_data: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    drones_and_heat: tuple[str, ...] = ()
    known_failures: tuple[str, ...] = ()
    not_tested: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def write_card(folder: Path) -> Path:
    """Write the model card of a model folder and return its path; the same inputs, the same bytes.

    Raises `ModelError` when `model.json` cannot be used, `DataError` when `card.toml` cannot, and
    `SeasonError` when the card cannot be written.
    """
    text = card(checkpoint.read_info(folder), read_prose(folder / PROSE))
    path = folder / CARD
    with replacing(path) as stream:
        stream.write(text)
    return path


def read_prose(path: Path) -> Prose:
    """Read `card.toml`; nothing is said where there is none. Raises `DataError`."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Prose()
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    known = [field.name for field in fields(Prose)]
    if unknown := sorted(said.keys() - set(known)):
        raise DataError(
            f"{path} holds {', '.join(unknown)}, which a card has no place for. "
            f"It may hold {', '.join(known)}."
        )
    return Prose(**{name: _sentences(path, name, value) for name, value in said.items()})


def _sentences(path: Path, name: str, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    sentences = tuple(item.strip() for item in items if isinstance(item, str))
    if len(sentences) < len(items):
        raise DataError(f"{path}: {name} is to be a text or a list of texts.")
    return sentences


def card(info: ModelInfo, prose: Prose) -> str:
    """The card's Markdown."""
    sections = (
        _section("Intended use", bullets(prose.intended_use)),
        _section("Training data", *_data(info, prose)),
        _section("Recipe", *_recipe(info, prose)),
        *_figures(info, prose),
        _section("Cross-validation", *rendered(info.training.get("cross_validation"), 3)),
        _section("Calibration and thresholds", *_calibration(info)),
        _section("Ablation", *rendered(info.training.get("ablation"), 3)),
        _section("Experiments", *rendered(info.training.get("experiments"), 3)),
        *(
            _section(_title(name), *rendered(value, 3))
            for name, value in info.training.items()
            if name not in _OWN_SECTIONS
        ),
        _section("Drones and thermal cameras", *_paragraphs(prose.drones_and_heat)),
        _section("Known failures", *_failures(info, prose)),
        _section("Not tested", bullets(prose.not_tested)),
        _section("Licences and notices", *_licences(info, prose)),
    )
    head = [f"# {escaped(info.name)}\n", *_paragraphs(prose.purpose), _what_it_is(info)]
    made = "This card is made by camtrap from `model.json` and `card.toml`; edit those.\n"
    return "\n".join([*head, *(section for section in sections if section), made])


# -- sections


def _section(title: str, *pieces: str) -> str:
    body = "\n".join(piece for piece in pieces if piece)
    return f"## {title}\n\n{body}" if body else ""


def _what_it_is(info: ModelInfo) -> str:
    said = {
        "version": info.version,
        "kind": info.kind,
        "network": info.network,
        "classes": ", ".join(info.rules.get("classes", ())),
        "parts": ", ".join(f"{part['model']} ({role})" for role, part in info.parts.items()),
        "source": info.source,
        "licence": info.licence,
        "weights (SHA-256)": info.sha256,
    }
    return pairs({name: value for name, value in said.items() if value})


def _data(info: ModelInfo, prose: Prose) -> Iterator[str]:
    if info.trained_on:
        yield f"Trained on {escaped(info.trained_on)}.\n"
    yield from _paragraphs(prose.training_data)
    yield from rendered(info.training.get("data"), 3)


def _recipe(info: ModelInfo, prose: Prose) -> Iterator[str]:
    yield from _paragraphs(prose.recipe)
    if seconds := info.training.get("seconds"):
        yield f"All networks together took {duration(seconds)} to learn.\n"
    yield from rendered(info.training.get("settings"), 3)


def _figures(info: ModelInfo, prose: Prose) -> Iterator[str]:
    """One section a split; figures of an older kind, which are plain texts, in one of their own."""
    first = True
    for split, told in info.figures.items():
        if not isinstance(told, dict):
            continue
        account = {"pictures": told["pictures"], "sites or events": told["groups"]}
        yield _section(
            f"Figures on {escaped(split)}",
            *(_paragraphs(prose.figures) if first else ()),
            table([{**account, **told["labels"]}]),
            bullets(told["caveats"]),
            _other_weights(info, told),
            *figure_sections(told, level=3, worst=False),
        )
        first = False
    older = [
        {"figure": name, "value": told}
        for name, told in info.figures.items()
        if not isinstance(told, dict)
    ]
    yield _section("Older figures", table(older))


def _other_weights(info: ModelInfo, told: Mapping[str, Any]) -> str:
    if told["model_sha256"] == info.sha256:
        return ""
    return "**These figures are of other weights than those in the folder: evaluate again.**\n"


def _calibration(info: ModelInfo) -> Iterator[str]:
    said = info.training.get("calibration", {})
    yield from rendered({k: v for k, v in said.items() if k != "thresholds"}, 3)
    rule = info.rules.get("calibration")
    yield from rendered({"Numbers of the rule": rule} if rule else None, 3)
    thresholds = said.get("thresholds") or info.rules.get("thresholds")
    yield from rendered({"Thresholds": thresholds} if thresholds else None, 3)
    targets = info.rules.get("target_recall")
    yield from rendered({"What the thresholds were chosen for": targets} if targets else None, 3)


def _failures(info: ModelInfo, prose: Prose) -> Iterator[str]:
    yield bullets(prose.known_failures)
    for split, told in info.figures.items():
        if isinstance(told, dict) and told["worst"]:
            yield f"The worst mistakes on {escaped(split)}, the worst of each kind in turn:\n"
            yield table(told["worst"])


def _licences(info: ModelInfo, prose: Prose) -> Iterator[str]:
    rows = [{"what": info.name, "licence": info.licence}] if info.licence else []
    rows += [{"what": part["model"], "licence": _licence_of(info, role)}
             for role, part in info.parts.items()]  # fmt: skip
    data = info.training.get("data", ())
    rows += [
        {"what": f"training data: {row.get('source', '')}", "licence": row["licence"]}
        for row in data
        if row.get("licence")
    ]
    yield table(rows)
    yield bullets(prose.notices)


def _licence_of(info: ModelInfo, role: str) -> str:
    try:
        return checkpoint.part(info, role).licence
    except ModelError:
        return "see its own card: it is not installed here"


def _paragraphs(sentences: Sequence[str]) -> list[str]:
    return [f"{sentence}\n" for sentence in sentences]


def _title(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


# -- anything, as tables


def rendered(value: Any, level: int) -> Iterator[str]:
    """Any plain value as Markdown: rows as a table, values as pairs, what lies deeper with headings
    from `level` on.
    """
    if value in (None, {}, [], ""):
        return
    if is_cell(value):
        yield pairs({"": value})
    elif isinstance(value, Mapping):
        yield from _mapping(value, level)
    elif all(isinstance(item, Mapping) for item in value):
        yield table(value)
    else:
        yield bullets(escaped(str(item)) for item in value)


def _mapping(value: Mapping[str, Any], level: int) -> Iterator[str]:
    """Cells first, as pairs; then each deeper value under its name."""
    if all(_is_row(item) for item in value.values()):
        yield table({"": name, **row} for name, row in value.items())
        return
    cells = {name: _joined(item) for name, item in value.items() if is_cell(_joined(item))}
    if cells:
        yield pairs(cells)
    for name, item in value.items():
        if name not in cells and item not in ({}, []):
            yield f"{'#' * level} {escaped(_title(name))}\n"
            yield from rendered(item, level + 1)


def _is_row(item: Any) -> bool:
    return isinstance(item, Mapping) and not is_cell(item) and all(map(is_cell, item.values()))


def _joined(item: Any) -> Any:
    """A list of plain values is told on one line."""
    if (
        isinstance(item, list)
        and item
        and all(isinstance(each, str | int | float) for each in item)
    ):
        return item if is_cell(item) else ", ".join(map(str, item))
    return item
