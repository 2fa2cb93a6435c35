"""`evaluation.md`: the figures to read, the most important first."""

from __future__ import annotations

from collections.abc import Iterator

from camtrap.learn.evaluation.evaluate import split_name, summary
from camtrap.learn.evaluation.figures import Figures, rows
from camtrap.learn.evaluation.markdown import bullets, escaped, figure_text, pairs, table


def report(found: Figures) -> str:
    """The whole evaluation as Markdown."""
    return "\n".join(_pieces(found)).rstrip("\n") + "\n"


def _pieces(found: Figures) -> Iterator[str]:
    model, truth = found["model"], found["truth"]
    yield f"# Evaluation on {escaped(split_name(found))}\n"
    account = {k: v for k, v in found["account"].items() if k != "files"}
    yield pairs(
        {
            "model": model["name"],
            "weights (SHA-256)": model["sha256"],
            "truth": truth["file"],
            "splits": ", ".join(truth["splits"]),
            "labelled pictures": truth["pictures"],
            **{f"of them {state}": count for state, count in account.items()},
        }
    )
    yield "Intervals are 95 %: Wilson for shares, Hanley and McNeil for the area under the curve;"
    yield "by group, whole sites or events are drawn at random, 1000 times over.\n"
    yield bullets(found["caveats"])
    yield from figure_sections(summary(found), level=2)
    if missed := found["missed_leopards"]:
        yield "## Leopards that were not called leopard\n"
        yield table(missed)
    if files := found["account"]["files"]:
        yield "## Pictures that were not judged\n"
        yield table(files)
    yield "## Thresholds used\n"
    yield pairs(model["thresholds"])


def figure_sections(told: Figures, *, level: int, worst: bool = True) -> Iterator[str]:
    """The tables of a summary, each under a heading; used by the report and the model card.

    `level` is that of the headings; `worst` adds the described mistakes.
    """
    mark = "#" * level

    def part(title: str, body: str) -> Iterator[str]:
        if body:
            yield f"{mark} {title}\n"
            yield body

    yield from part("All pictures", table(told["figures"]))
    names = ", ".join(f"`{name}`" for name in told["without_sources"])
    yield from part(
        f"Without sources that have no empty pictures ({names})", table(told["without"])
    )
    counted = told["events_counted"]
    yield from part("By event", pairs(counted) + "\n" + table(told["events"]) if counted else "")
    yield from part("By label", table(told["by_label"]))
    if told["look_alikes"][0]["count"]:
        title = "Spotted cats of other continents, and what they were called"
        yield from part(title, table(told["look_alikes"]))
    for name, compact in told["by"].items():
        yield from part(f"By {name}", table(compact))
    yield from part("Confusion (rows: truth, columns: label)", table(told["confusion"]))
    if worst:
        yield from part("The worst mistakes, described", table(told["worst"]))


def terminal(found: Figures) -> Iterator[str]:
    """The figures in a few lines for a terminal."""
    width = max((len(row["figure"]) for row in rows(found["overall"])), default=0)
    for row in rows(found["overall"]):
        figure = {key: value for key, value in row.items() if key != "figure"}
        yield f"{row['figure']:{width}}  {figure_text(figure)}"
