"""One XMP packet: what is seen in a picture, as keywords and regions (ISO 16684-1, RDF/XML)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from camtrap.outputs.exports.recognised import Recognised
from camtrap.outputs.exports.stored import flag_of, stored_box, stored_size
from camtrap.outputs.exports.taxa import common_name, species_of
from camtrap.outputs.waypoints import xml_text
from camtrap.records import Box, State

MARK = b'x:xmptk="camtrap"'
"""By this a sidecar is known as ours; a program that changes it writes its own name there."""

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

# Keywords are parted by `|` or `/`, and camtrapR and exiftool's output part them by commas.
_PARTS_KEYWORDS = re.compile(r"[|/,;]+")


@dataclass(frozen=True, slots=True)
class Region:
    """A box of the stored picture, with the name that it is shown under and words on it."""

    box: Box
    name: str
    tells: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sidecar tells: keywords from the widest word to the narrowest, and regions.

    `size` is width and height of the stored picture, None where it is not known.
    """

    keywords: tuple[tuple[str, ...], ...]
    regions: tuple[Region, ...] = ()
    size: tuple[int, int] | None = None


def seen_of(known: Recognised, model: str) -> Seen:
    """What is to be told of a file: a person's word before the model's, `known.label` not empty.

    Where a person has spoken, only boxes of that person's label count.
    """
    review = known.word_of.review
    keywords: list[tuple[str, ...]] = [("Species", known.label.capitalize())]
    if species := common_name(species_of(review)):
        keywords.append((*keywords[0], species))
    keywords.append(("Review", "human" if review else "machine"))
    if not review and model:
        keywords.append(("Model", model))
    entry = known.origin.entry
    flag = flag_of(entry.relative_path, entry.capture.orientation)
    size = stored_size(entry.width, entry.height, flag) if entry.width and entry.height else None
    regions = tuple(
        Region(
            stored_box(found.box, flag),
            found.label.capitalize(),
            f"{found.label} {found.chances.get(found.label, found.alive):.2f}, machine",
        )
        for found in known.found
        if not found.whole
        and min(found.box.width, found.box.height) > 0
        and known.label != State.EMPTY
        and (review is None or found.label == known.label)
    )
    # A region is a part of a picture of a certain size; without that, programs pass it over.
    return Seen(tuple(map(_keyword, keywords)), regions if size else (), size)


def _keyword(words: tuple[str, ...]) -> tuple[str, ...]:
    told = (" ".join(_PARTS_KEYWORDS.sub(" ", xml_text(word)).split()) for word in words)
    return tuple(word for word in told if word)


def packet(seen: Seen) -> bytes:
    """The packet as a file's bytes, UTF-8."""
    spaces = "".join(f" xmlns:{name}={quoteattr(uri)}" for name, uri in _NAMESPACES.items())
    leaves = tuple(dict.fromkeys(words[-1] for words in seen.keywords))
    parts = [
        # The mark at the very beginning says that what follows is UTF-8.
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" {MARK.decode()}>',
        f'<rdf:RDF xmlns:rdf="{_RDF}">',
        f'<rdf:Description rdf:about=""{spaces}>',
        _list("dc:subject", "Bag", leaves),
        _list("lr:hierarchicalSubject", "Bag", ("|".join(words) for words in seen.keywords)),
        _list("digiKam:TagsList", "Seq", ("/".join(words) for words in seen.keywords)),
        *(_regions(seen.regions, seen.size) if seen.regions and seen.size else ()),
        "</rdf:Description>",
        "</rdf:RDF>",
        "</x:xmpmeta>",
        '<?xpacket end="w"?>',
    ]
    return ("\n".join(parts) + "\n").encode()


def _list(name: str, kind: str, values: Iterable[str]) -> str:
    items = "".join(f"<rdf:li>{escape(value)}</rdf:li>" for value in values)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def _regions(regions: tuple[Region, ...], size: tuple[int, int]) -> Iterator[str]:
    yield '<mwg-rs:Regions rdf:parseType="Resource">'
    yield (
        f'<mwg-rs:AppliedToDimensions stDim:w="{size[0]}" stDim:h="{size[1]}" stDim:unit="pixel"/>'
    )
    yield "<mwg-rs:RegionList><rdf:Bag>"
    for region in regions:
        x, y, width, height = region.box
        # The area's x and y are its centre.
        yield (
            f"<rdf:li><rdf:Description mwg-rs:Name={quoteattr(region.name)}"
            f" mwg-rs:Description={quoteattr(region.tells)}>"
            f'<mwg-rs:Area stArea:x="{_share(x + width / 2)}" stArea:y="{_share(y + height / 2)}"'
            f' stArea:w="{_share(width)}" stArea:h="{_share(height)}" stArea:unit="normalized"/>'
            "</rdf:Description></rdf:li>"
        )
    yield "</rdf:Bag></mwg-rs:RegionList>"
    yield "</mwg-rs:Regions>"


def _share(value: float) -> str:
    return f"{min(1.0, max(0.0, value)):.6f}"
