"""XMP: from the packet inside a picture to flat names and texts, whatever state the packet is in.

XMP is RDF in XML (ISO 16684-1). A drone writes a dozen numbers, as attributes or as elements; a
hostile file may write entities that swell to gigabytes, or a million elements. A document type,
which XMP never has and without which there are no entities, ends the reading.
"""

from __future__ import annotations

import logging
from collections import Counter
from xml.parsers import expat

from PIL import Image

logger = logging.getLogger(__name__)

PACKET_LIMIT = 1_000_000
"""Bytes of XMP that are read of one picture; the standard allows 64 KB in a JPEG's segment."""

Name = tuple[str, str]
"""The namespace of a property, and its name: `Yaw`, or `CameraOrientationNED/Yaw` in another."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_META = "adobe:ns:meta/"
_SILENT = (_RDF, _XML, _META)
"""Namespaces whose elements only hold others."""

_VALUE_LIMIT = 500
_PROPERTY_LIMIT = 5_000
_ENTRY_LIMIT = 16  # editors leave lists of thousands
_DEEPEST = 32
_END = b"</x:xmpmeta>"
_SEPARATOR = "\n"  # cannot stand in a namespace that an attribute gave: there it becomes a space


class _RefusedError(Exception):
    """The packet is not one that a camera wrote."""


def xmp_of(image: Image.Image) -> bytes:
    """The XMP packet of an opened picture as Pillow found it; empty where there is none."""
    for key in ("xmp", "XML:com.adobe.xmp"):
        packet = image.info.get(key)
        if isinstance(packet, str):
            packet = packet.encode("utf-8", "replace")
        if isinstance(packet, bytes) and packet:
            return packet
    return b""


def parse_xmp(packet: bytes) -> dict[Name, str]:
    """The properties in a packet, each with its text of at most 500 characters.

    The first of a name counts. A list's first entry has its name, the others up to 16 have it with
    their number behind: `Band`, `Band[2]`. Empty for a packet that is broken, over
    `PACKET_LIMIT`, or has a document type or more than 5,000 properties; nothing is raised.
    """
    if not packet or len(packet) > PACKET_LIMIT:
        return {}
    end = packet.rfind(_END)
    if end >= 0:  # some writers leave rubbish behind the packet
        packet = packet[: end + len(_END)]
    reader = _Reader()
    try:
        reader.read(packet.strip(b"\0 \r\n\t"))
    except (_RefusedError, expat.ExpatError, ValueError, LookupError) as error:
        logger.debug("XMP of %d bytes cannot be read: %r", len(packet), error)
        return {}
    return reader.found


class _Reader:
    """What expat tells of a packet, put together into flat names."""

    def __init__(self) -> None:
        self.found: dict[Name, str] = {}
        self._entries: Counter[Name] = Counter()
        self._path: list[Name] = []
        self._text: list[str] = []
        self._length = 0

    def read(self, packet: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.Parse(packet, True)

    def _refuse(self, *_: object) -> None:
        raise _RefusedError("a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEEPEST:
            raise _RefusedError("too deep")
        self._path.append(_name_of(tag))
        self._text, self._length = [], 0
        for key, value in attributes.items():
            self._keep([*self._path, _name_of(key)], value)

    def _end(self, _tag: str) -> None:
        self._keep(self._path, "".join(self._text))
        self._text, self._length = [], 0
        self._path.pop()

    def _data(self, text: str) -> None:
        if self._length < _VALUE_LIMIT:
            self._text.append(text)
            self._length += len(text)

    def _keep(self, path: list[Name], value: str) -> None:
        """Enter a value under the names on its path that mean something."""
        value = value.strip()[:_VALUE_LIMIT]
        told = [name for name in path if name[0] not in _SILENT]
        is_markup = path[-1][0] in _SILENT and path[-1] != (_RDF, "li")
        if not value or not told or is_markup:
            return
        if len(self.found) >= _PROPERTY_LIMIT:
            raise _RefusedError("too many properties")
        namespace, name = told[0][0], "/".join(name for _, name in told)
        if path[-1] == (_RDF, "li"):
            self._entries[namespace, name] += 1
            place = self._entries[namespace, name]
            if place > _ENTRY_LIMIT:
                return
            name = name if place == 1 else f"{name}[{place}]"
        self.found.setdefault((namespace, name), value)


def _name_of(tag: str) -> Name:
    namespace, _, name = tag.rpartition(_SEPARATOR)
    return namespace, name
