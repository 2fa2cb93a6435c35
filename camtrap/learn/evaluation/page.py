"""`mistakes.html`: every mistake with its picture, on one page that needs no network.

Like the brief, the page holds its style and pictures itself and no script, and forbids loading
anything. All that comes from data goes through `text`. It shows pictures as they are: keep it
within the team when people are on them.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files

from camtrap import __version__
from camtrap.errors import UnreadablePicture
from camtrap.learn.evaluation.evaluate import split_name
from camtrap.learn.evaluation.figures import Figures
from camtrap.learn.evaluation.mistakes import (
    AWAY,
    DOUBTED,
    FALSE,
    KINDS,
    MISSED,
    WRONG,
    Mistake,
)
from camtrap.learn.evaluation.slices import box_size
from camtrap.outputs.brief import POLICY
from camtrap.outputs.markup import chip, count, facts, name_of, percent, section, text
from camtrap.outputs.pictures import thumbnail
from camtrap.records import LABELS, State

SIDES = {MISSED: 640, DOUBTED: 640}
SMALL_SIDE = 420

TITLES = {
    MISSED: (State.LEOPARD, "Leopards missed", "A leopard is on each of them; nobody would look."),
    FALSE: (State.UNSURE, "False leopards", "Called leopard, the surest first."),
    AWAY: (State.OTHER, "Put away as empty", "Something is on each of them."),
    WRONG: (State.PREY, "Wrong labels", "Called something else than they are, the surest first."),
    DOUBTED: (State.LEOPARD, "Leopards left unsure", "A person would be asked about them."),
}

# The brief shows no empty pictures, so its style has no colour for them.
_STYLE = """
.empty { --label: var(--soft); }
.says { display: grid; grid-template-columns: auto 1fr; gap: 0.2rem 0.8rem; font-size: 0.9rem; }
.chances { color: var(--soft); font-variant-numeric: tabular-nums; }
"""


def page(found: Figures, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """The page piece by piece, so that no more than one picture is held at a time."""
    title = text(split_name(found))
    style = (files("camtrap.outputs") / "templates" / "brief.css").read_text(encoding="utf-8")
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Mistakes on {title}</title>\n<style>\n{style}{_STYLE}</style>\n</head>\n<body>\n"
    )
    numbers = Counter(mistake.kind for mistake in mistakes)
    yield from _header(found, title, numbers)
    yield "<main>\n"
    for kind in KINDS:
        yield from _section(kind, [mistake for mistake in mistakes if mistake.kind == kind])
    yield "</main>\n"
    yield from _reading()
    yield "</body>\n</html>\n"


def _header(found: Figures, title: str, numbers: Counter[str]) -> Iterator[str]:
    yield f'<header>\n<p class="kind">Mistakes of a model</p>\n<h1><bdi>{title}</bdi></h1>\n'
    yield facts(
        {
            "Pictures judged": f"{found['account']['judged']:,}",
            "Mistakes": f"{numbers.total():,}",
            "Model": text(found["model"]["name"]),
            "Made by": f"camtrap {text(__version__)}",
        }
    )
    yield '<ul class="glance">\n'
    for kind in KINDS:
        label, name, _ = TITLES[kind]
        yield f'<li class="{label}"><b>{numbers[kind]:,}</b> <span>{name.lower()}</span></li>\n'
    yield "</ul>\n"
    if lost := found["truth"]["pictures"] - found["account"]["judged"]:
        yield f'<p class="account">{count(lost, "labelled picture")} could not be judged.</p>\n'
    yield "</header>\n"


def _section(kind: str, mistakes: Sequence[Mistake]) -> Iterator[str]:
    label, title, told = TITLES[kind]
    yield section(kind.replace(" ", "-"), title, label, count(len(mistakes), "picture"))
    if mistakes:
        size = "large" if kind in SIDES else "small"
        yield f'<p>{told}</p>\n<div class="cards {size}">\n'
        for mistake in mistakes:
            yield _card(mistake)
        yield "</div>\n"
    else:
        yield "<p>None.</p>\n"
    yield "</section>\n"


def _card(mistake: Mistake) -> str:
    judged = mistake.judged
    sample = judged.sample
    # The species helps only where it says more than the label.
    species = f" ({text(sample.species)})" if sample.species not in ("", judged.truth) else ""
    ranked = sorted(LABELS, key=lambda label: -judged.chances[label])
    chances = ", ".join(f"{label} {percent(judged.chances[label])}" for label in ranked[:4])
    told = ", ".join(text(part) for part in (sample.source, judged.modality) if part)
    group = f"<p>{name_of(sample.group)}</p>\n" if sample.group != sample.file else ""
    side = judged.box_side
    box = box_size(judged) if side is None else f"box {side:.2f} of the picture"
    return (
        f'<figure class="card {judged.truth}">\n{_picture(mistake)}<figcaption>\n'
        f'<div class="says"><span>truth</span> <span>{chip(State(judged.truth))}{species}</span>'
        f"<span>label</span> <span>{chip(judged.state)}</span></div>\n"
        f'<p class="chances">{chances}</p>\n<p>{told}; {box}</p>\n'
        f"{group}<p><code>{name_of(sample.file)}</code></p>\n"
        "</figcaption>\n</figure>\n"
    )


def _picture(mistake: Mistake) -> str:
    """The picture with the model's boxes, or a block that says why there is none."""
    judged = mistake.judged
    boxes = [detection.box for detection in judged.detections]
    side = SIDES.get(mistake.kind, SMALL_SIDE)
    try:
        jpeg = thumbnail(judged.sample.path.read_bytes(), boxes, side)
    except (OSError, UnreadablePicture):
        return '<div class="away"><p>This picture can no longer be read.</p></div>\n'
    what = text(f"{mistake.kind}: {judged.truth} called {judged.state}")
    return (
        f'<img loading="lazy" alt="{what}" '
        f'src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">\n'
    )


def _reading() -> Iterator[str]:
    yield '<footer>\n<h2>How to read this</h2>\n<ul class="notes">\n'
    for note in (
        "Every mistake is here. What was left unsure is no mistake, because a person is asked; "
        "leopards left unsure are shown all the same.",
        "The truth is a person's label, and people err too: look before you blame the model.",
        "The yellow line is drawn around what the model saw. A picture without one has no box "
        "that it thought alive.",
        "The percentages are the model's chances for the picture, the likeliest first.",
        "Pictures may show people: keep the page within the team.",
    ):
        yield f"<li>{note}</li>\n"
    yield "</ul>\n</footer>\n"
