"""A file of others brought into a season: read, matched with the season's files, and stored.

All that is not taken is counted with its reason, and the first names of it are kept to be told.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from camtrap.errors import ConfigError, DataError
from camtrap.imports.camtrap_dp import parts
from camtrap.imports.matching import AMBIGUOUS, Files
from camtrap.imports.registry import reader_named, reader_of
from camtrap.imports.said import ANIMAL, LABELS_TOLD, Naming, Word
from camtrap.imports.told import KINDS, Asked, Told
from camtrap.ledger.observations import Observation, Source, Staging, boxes_text
from camtrap.ledger.rows import text_of
from camtrap.ledger.store import Ledger
from camtrap.records import CONCERN, UNSURE
from camtrap.taxonomy import Taxonomy

CAMTRAP, PEOPLE = "camtrap", "people"
RESERVED = (CAMTRAP, PEOPLE)
"""Names that `camtrap compare` gives to the ledger's own model and to reviews."""

NOT_HERE = "not in this season"
SEVERAL = "may be several files of this season"

EXAMPLES = 10

# Of what was said twice of one file, the first of these counts; `empty` says least against others.
_ORDER = (*CONCERN[:-1], ANIMAL, UNSURE, CONCERN[-1])

# What may have a species; the other labels say all there is.
_NAMED = ("leopard", "prey", "other", ANIMAL)

OnLost = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for: a file, and how it is to be understood. Empty is told by the file."""

    path: Path
    form: str = ""
    name: str = ""
    kind: str = ""
    card: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Brought:
    """What came of a file: `pictures` it speaks of, in how many files of the season.

    `labels` counts those files by label, `left_out` the other pictures by reason, with `examples`
    of each; `unknown` are names of species that the list does not hold, with how often they stand
    there. `changed` is False when the season held all of it already; with a dry run it tells what
    would be.
    """

    source: Source
    note: str = ""
    pictures: int = 0
    files: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    changed: bool = False


def bring(
    ledger: Ledger,
    request: Request,
    taxonomy: Taxonomy,
    *,
    replace: bool = False,
    dry_run: bool = False,
    on_lost: OnLost | None = None,
) -> tuple[Brought, Staging]:
    """Read a file and store what it says of the season's files; nothing else in the season changes.

    `replace` forgets what came under that name from other files. `on_lost` hears of each picture
    that is not taken, and why. What is stored can be read once more from the staging. Raises
    `DataError` for a file that cannot be read or of which the season knows no picture,
    `ConfigError` for a name, a kind, a card or an option that cannot be, and `SeasonError`.
    """
    reader = reader_named(request.form) if request.form else reader_of(request.path)
    kind = request.kind or reader.kind
    if kind not in KINDS:
        raise ConfigError(f"The kind is one of {', '.join(KINDS)}, not '{kind}'.")
    if wrong := request.options.keys() - reader.options.keys():
        known = ", ".join(reader.options) or "none"
        raise ConfigError(f"{reader.name} has no option '{min(wrong)}'; it has {known}.")
    digest = digest_of(request.path, reader.name)
    reading = reader.read(request.path, Asked(kind, Naming(taxonomy), request.options))
    said = (request.name, reading.name, request.path.stem)
    name = next((plain for one in said if (plain := " ".join(one.split()))), "")
    check_name(name)
    source = Source(
        name, kind, reader.name, text_of(str(request.path.resolve())), digest, imported_at=""
    )
    brought = Brought(source, reading.note)
    staging = Staging(ledger, _ORDER)
    with Files(ledger, request.card) as files:
        staging.add(_matched(reading.told, files, brought, on_lost))
    brought.files = staging.count
    brought.labels = staging.labels()
    if not brought.files:
        raise DataError(_nothing(brought, request))
    if dry_run:
        brought.changed = staging.would_change(source, replace=replace)
    else:
        brought.changed = staging.commit(source, replace=replace)
    return brought, staging


def check_name(name: str) -> None:
    """Raise `ConfigError` for a name that a source cannot have."""
    if not name or name.casefold() in RESERVED:
        raise ConfigError(
            f"'{name}' cannot be the name of an import, because camtrap calls its own model "
            f"'{CAMTRAP}' and reviews '{PEOPLE}'. Give another with --name."
        )


def digest_of(path: Path, form: str) -> str:
    """The SHA-256 of a file, or of those of a package in their order; raises `DataError`."""
    digest = hashlib.sha256()
    for part in parts(path) if form == "camtrap-dp" else [path]:
        try:
            with part.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except (OSError, ValueError) as error:
            raise DataError(f"{part} cannot be read: {error}.") from error
    return digest.hexdigest()


def _matched(
    told: Iterator[Told], files: Files, brought: Brought, on_lost: OnLost | None
) -> Iterator[tuple[int, Observation]]:
    for picture in told:
        brought.pictures += 1
        why_not = picture.why_not
        if picture.word is None:
            brought.unknown.update(picture.unknown)
        else:
            file_id = files.find(picture.names)
            if file_id is not None and file_id != AMBIGUOUS:
                yield file_id, observation_of(picture.word)
                continue
            why_not = NOT_HERE if file_id is None else SEVERAL
        name = picture.names[0] if picture.names else ""
        brought.left_out[why_not] += 1
        examples = brought.examples.setdefault(why_not, [])
        if len(examples) < EXAMPLES:
            examples.append(text_of(name))
        if on_lost is not None:
            on_lost(text_of(name), why_not)


def observation_of(word: Word) -> Observation:
    """A word on a picture as the ledger keeps it."""
    boxes = boxes_text(
        (one.label or one.vague, one.confidence, one.box)
        for one in word.boxes
        if one.box is not None
    )
    is_named = word.label in _NAMED and word.raw.casefold() not in LABELS_TOLD
    species = species_of(word.raw) if is_named else ""
    return Observation(word.label, species, word.confidence, boxes, word.raw)


def species_of(raw: str) -> str:
    """A name as people read it: genus and species of seven words, or what they wrote."""
    words = raw.split(";")
    if len(words) != 7:
        return " ".join(raw.split())
    genus, species, common = (word.strip() for word in words[4:])
    return f"{genus.capitalize()} {species}" if genus and species else common


def _nothing(brought: Brought, request: Request) -> str:
    """Why a file gives nothing, and what may help."""
    if not brought.pictures:
        return f"{request.path} names no picture."
    reasons = "; ".join(f"{n:,} × {reason}" for reason, n in brought.left_out.most_common())
    told = f"{request.path} says nothing of this season's files ({reasons})."
    lost = brought.examples.get(NOT_HERE) or brought.examples.get(SEVERAL)
    if lost:
        told += f" It has names like '{lost[0]}'. If its paths are those on one card, give --card."
    if brought.unknown:
        known = ", ".join(name for name, _ in brought.unknown.most_common(5))
        told += f" Names that the species list does not hold: {known}."
    return told
