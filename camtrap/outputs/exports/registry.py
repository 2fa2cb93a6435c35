"""Every format of `camtrap export`, in the order in which `--list` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from camtrap.errors import ConfigError
from camtrap.outputs.exports.base import Format

FORMATS: tuple[Format, ...] = (
    Format(
        "megadetector",
        "Timelapse (Recognitions), AddaxAI, camtraptools and all that read MegaDetector's JSON",
        "megadetector",
    ),
    Format(
        "coco",
        "COCO Camera Traps: LILA's tools, pycocotools, training of other models",
        "coco",
    ),
    Format(
        "speciesnet",
        "SpeciesNet's predictions.json (from release 5): SpeciesNet's and MegaDetector's tools",
        "speciesnet",
        {"country": "where the pictures were taken, three letters (ISO 3166-1 alpha-3): RUS"},
    ),
    Format(
        "camtrap-dp",
        "Camtrap DP 1.0.2: GBIF, R's camtrapdp and camtraptor, Trapper, camtraptools",
        "camtrap_dp",
        {
            "project": "a TOML file that tells of the project [default: SEASON/project.toml]",
            "utc-offset": "for cameras of which nothing tells it, as in +10:00",
            "incomplete": "refuse (default) or skip: cameras without coordinates or offset",
            "gzip": "no (default) or yes: pack the tables",
        },
    ),
    Format(
        "camtrapr",
        "R's camtrapR: a table of stations and one of records",
        "camtrapr",
        {"project": "a TOML file that gives scientific names [default: SEASON/project.toml]"},
    ),
    Format(
        "timelapse",
        "Timelapse's CSV import, one file a card (its Recognitions read megadetector)",
        "timelapse",
        {
            "label": "the template's DataLabel for the label [default: Species]",
            "confidence": "the template's DataLabel for the confidence; without it, none",
        },
    ),
    Format(
        "wildlife-insights",
        "Wildlife Insights' bulk upload; experimental",
        "wildlife_insights",
        {
            "bucket": "where the pictures were put, as in gs://bucket/folder",
            "project": "a TOML file with a table [wildlife_insights]",
        },
    ),
    Format(
        "earthranger",
        "EarthRanger: events with place, UTC time and priority (camtrap push sends them)",
        "earthranger",
        {
            "labels": "which labels [default: leopard,person,vehicle]",
            "since": "only events from this day or moment on: 2026-03-01",
            "event-type": "the event type's value on the site [default: camera_trap_detection]",
            "priority": "other priorities by label: leopard=200,person=300 (0, 100, 200, 300)",
            "utc-offset": "for cameras of which nothing tells it, as in +10:00",
        },
    ),
    Format(
        "folders",
        "people and any picture viewer: the pictures themselves, sorted into folders by label",
        "folders",
        {
            "by": "picture (default) or event: a folder for each event within its label's",
            "mode": "copy (default), hardlink or symlink",
            "labels": "which labels, as in leopard,prey; 'all' brings the empty ones too",
            "move-from": "a folder that holds a copy of the cards, out of which to move pictures",
        },
        in_place_with="move-from",
    ),
    Format(
        "individuals",
        "HotSpotter, and Whiskerbook or another Wildbook: crops of leopards, with names and flanks",
        "individuals",
        {
            "crops": "how many of each animal in an event, the best first [default: 12]",
            "location": "the place as that Wildbook's list of location IDs calls it",
            "coordinates": "no (default) or yes: tell Wildbook where the cameras stand",
        },
    ),
    Format(
        "excel",
        "Excel and LibreOffice: events, stations, the account, and pictures of the leopards",
        "excel",
        {"thumbnails": "how many leopards are shown, 0 to 5000 [default: 300]"},
        extra="excel",
    ),
    Format(
        "parquet",
        "DuckDB, pandas, Polars, R's arrow: every file and every box, with typed columns",
        "parquet",
        extra="parquet",
    ),
    Format(
        "xmp",
        "digiKam, darktable, exiftool: a sidecar for each picture, with keywords and regions",
        "xmp",
        {"beside": "a folder that holds a copy of the cards, to write beside its pictures"},
        in_place_with="beside",
    ),
    Format(
        "smart",
        "SMART: incidents for SMART Connect (experimental), and a table to map by hand",
        "smart",
        {
            "mapping": "your site's keys, a TOML file [default: SEASON/smart_mapping.toml]",
            "data-model": "your site's data model, an XML file that SMART exports, to check them",
            "photos": "no (default) or yes: attach the best picture of each event",
        },
    ),
)


def formats_of(names: Iterable[str]) -> list[Format]:
    """The formats of these names, each once; raises `ConfigError` that lists what there is."""
    known = {form.name: form for form in FORMATS}
    names = list(dict.fromkeys(names))
    if unknown := [name for name in names if name not in known]:
        raise ConfigError(
            f"There is no format '{unknown[0]}'. The formats, and what reads them:\n{listing()}"
        )
    return [known[name] for name in names]


def listing() -> str:
    """A line for each format with what reads it, and one for each of its options."""
    width = max(len(form.name) for form in FORMATS)
    lines = []
    for form in FORMATS:
        needs = f" (needs camtrap[{form.extra}])" if form.extra else ""
        lines.append(f"  {form.name:{width}}  {form.tells}{needs}")
        for name, tells in form.options.items():
            lines.append(f"  {'':{width}}    --option {name}=...  {tells}")
    return "\n".join(lines)


def parse_options(texts: Iterable[str], formats: Iterable[Format]) -> dict[str, str]:
    """`key=value` texts as a mapping.

    Raises `ConfigError` for one of another shape, given twice, or that none of the formats knows.
    """
    known = {name for form in formats for name in form.options}
    options: dict[str, str] = {}
    for text in texts:
        name, value = split_option(text)
        if name in options:
            raise ConfigError(f"The option {name} is given twice; give it once.")
        if name not in known:
            told = f"Known are: {', '.join(sorted(known))}." if known else "They have none."
            raise ConfigError(f"None of these formats has an option '{name}'. {told}")
        options[name] = value
    return options


def split_option(text: str) -> tuple[str, str]:
    """Name and value of `key=value`; raises `ConfigError` for a text of another shape."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"'{text}' is no option. Write it like --option name=value.")
    return name.strip(), value.strip()


def options_of(form: Format, options: Mapping[str, str]) -> dict[str, str]:
    """Those of the options that a format knows."""
    return {name: value for name, value in options.items() if name in form.options}


def chosen(options: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """An option's value, the first of `choices` where it is not given; raises `ConfigError`."""
    value = options.get(name, choices[0])
    if value not in choices:
        raise ConfigError(f"The option {name} is one of {', '.join(choices)}, not '{value}'.")
    return value
