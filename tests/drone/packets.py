"""XMP packets and pictures as drones write them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image

DJI = "http://www.dji.com/drone-dji/1.0/"
PARROT = "http://www.parrot.com/drone-parrot/1.0/"
SKYDIO = "https://www.skydio.com/drone-skydio/1.0/"
CAMERA = "http://pix4d.com/camera/1.0/"

_HEAD = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
)
_FOOT = ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'

MAVIC = {
    "AbsoluteAltitude": "+161.40",
    "RelativeAltitude": "+60.10",
    "GimbalRollDegree": "+0.00",
    "GimbalYawDegree": "-91.50",
    "GimbalPitchDegree": "-89.90",
    "FlightRollDegree": "+1.20",
    "FlightYawDegree": "-90.20",
    "FlightPitchDegree": "-6.30",
    "GpsLatitude": "43.1234567",
    "GpsLongitude": "131.7654321",
}

NORTH_EAST = {1: "N", 2: (43.0, 6.0, 30.0), 3: "E", 4: (131.0, 30.0, 0.0)}


def packet(body: str) -> bytes:
    return (_HEAD + body + _FOOT).encode()


def attributes(said: Mapping[str, str], namespace: str = DJI) -> bytes:
    """Properties as attributes, as DJI writes them."""
    told = " ".join(f'd:{name}="{value}"' for name, value in said.items())
    return packet(f'<rdf:Description rdf:about="DJI Meta Data" xmlns:d="{namespace}" {told}/>')


def elements(said: Mapping[str, str], namespace: str = CAMERA) -> bytes:
    """Properties as elements, as Parrot and Pix4D write them."""
    told = "".join(f"<d:{name}>{value}</d:{name}>" for name, value in said.items())
    return packet(f'<rdf:Description rdf:about="" xmlns:d="{namespace}">{told}</rdf:Description>')


def picture(
    xmp: bytes = b"",
    make: str = "DJI",
    model: str = "FC6310",
    detail: Mapping[int, Any] | None = None,
    gps: Mapping[int, Any] | None = None,
    size: tuple[int, int] = (64, 48),
    picture_format: str = "JPEG",
) -> bytes:
    """A small picture with this header; `detail` and `gps` are EXIF's own directories."""
    image = Image.new("RGB", size, (90, 100, 80))
    exif = image.getexif()
    if make:
        exif[0x010F] = make
    if model:
        exif[0x0110] = model
    exif.get_ifd(0x8769).update(detail or {})
    exif.get_ifd(0x8825).update(gps or {})
    stream = io.BytesIO()
    more = {"xmp": xmp} if xmp else {}
    image.save(stream, picture_format, exif=exif, **more)
    return stream.getvalue()
