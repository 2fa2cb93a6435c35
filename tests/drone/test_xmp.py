"""XMP packets: what drones write is read, what they never write is refused, nothing raises."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camtrap.card.header import open_picture
from camtrap.drone.xmp import PACKET_LIMIT, parse_xmp, xmp_of
from tests.drone.packets import CAMERA, DJI, MAVIC, SKYDIO, attributes, elements, packet, picture


def test_attributes_are_properties() -> None:
    assert parse_xmp(attributes(MAVIC)) == {(DJI, name): text for name, text in MAVIC.items()}


def test_elements_are_properties() -> None:
    said = {"Yaw": "112.5", "Pitch": "0/100", "GPSXYAccuracy": "1.20"}
    assert parse_xmp(elements(said)) == {(CAMERA, name): text for name, text in said.items()}


@pytest.mark.parametrize(
    "structure",
    [
        '<s:Pose rdf:parseType="Resource"><s:Yaw>12</s:Yaw></s:Pose>',
        "<s:Pose><rdf:Description><s:Yaw>12</s:Yaw></rdf:Description></s:Pose>",
        '<s:Pose><rdf:Description s:Yaw="12"/></s:Pose>',
        '<s:Pose s:Yaw="12"/>',
    ],
)
def test_all_ways_to_write_a_structure_are_one(structure: str) -> None:
    told = packet(f'<rdf:Description xmlns:s="{SKYDIO}">{structure}</rdf:Description>')
    assert parse_xmp(told) == {(SKYDIO, "Pose/Yaw"): "12"}


def test_the_entries_of_a_list_are_numbered_behind_the_first() -> None:
    listed = "<c:Band><rdf:Seq><rdf:li>Red</rdf:li><rdf:li>Green</rdf:li></rdf:Seq></c:Band>"
    told = packet(f'<rdf:Description xmlns:c="{CAMERA}">{listed}</rdf:Description>')
    assert parse_xmp(told) == {(CAMERA, "Band"): "Red", (CAMERA, "Band[2]"): "Green"}


def test_a_list_of_thousands_costs_no_other_property() -> None:
    entries = "".join(f"<rdf:li>{n}</rdf:li>" for n in range(6_000))
    listed = f"<c:Ancestors><rdf:Bag>{entries}</rdf:Bag></c:Ancestors><c:Yaw>12</c:Yaw>"
    told = parse_xmp(packet(f'<rdf:Description xmlns:c="{CAMERA}">{listed}</rdf:Description>'))
    assert told[CAMERA, "Yaw"] == "12"
    assert len(told) == 17


def test_the_prefix_is_not_the_name() -> None:
    told = attributes({"RtkFlag": "50"}).replace(b" d:", b" drone:").replace(b":d=", b":drone=")
    assert parse_xmp(told) == {(DJI, "RtkFlag"): "50"}


@pytest.mark.parametrize("rubbish", [b"\0\0\0", b"   \n", b"\0rubbish<<>>", b"<?xpacket end='w'"])
def test_rubbish_behind_a_packet_does_not_matter(rubbish: bytes) -> None:
    told = attributes(MAVIC)
    assert len(parse_xmp(told + rubbish)) == len(MAVIC)


# -- what no camera writes


LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>
<x xmlns:d="http://www.dji.com/drone-dji/1.0/"><d:Yaw>&d;</d:Yaw></x>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<x xmlns:d="http://www.dji.com/drone-dji/1.0/"><d:Yaw>&f;</d:Yaw></x>"""
PARAMETERS = b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><x/>'


@pytest.mark.parametrize("hostile", [LAUGHS, OUTSIDE, PARAMETERS])
def test_a_document_type_ends_the_reading(hostile: bytes) -> None:
    assert parse_xmp(hostile) == {}


def test_a_document_type_behind_properties_costs_them_too() -> None:
    assert parse_xmp(attributes(MAVIC).replace(b"<x:xmpmeta", b"<!DOCTYPE x><x:xmpmeta")) == {}


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not xml",
        b"<x",
        b"\xff\xfe",
        b"<?xml version='1.0' encoding='klingon'?><x/>",
        attributes(MAVIC)[:300],
        b"<a>" * 40 + b"</a>" * 40,
        elements({f"P{n}": "1" for n in range(6_000)}),
        attributes({"Yaw": "1"}) + b" " * PACKET_LIMIT,
        packet("<rdf:Description undeclared:Yaw='3'/>"),
    ],
)
def test_a_broken_packet_says_nothing(broken: bytes) -> None:
    assert parse_xmp(broken) == {}


def test_a_long_text_is_cut() -> None:
    told = parse_xmp(elements({"A": "x" * 10_000, "B": "y"}))
    assert len(told[CAMERA, "A"]) == 500
    assert told[CAMERA, "B"] == "y"


@given(st.binary(max_size=400))
def test_nothing_raises(data: bytes) -> None:
    parse_xmp(data)
    parse_xmp(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + data + b"</x:xmpmeta>")


@given(st.integers(0, 900), st.binary(min_size=1, max_size=4))
def test_no_damage_raises(place: int, damage: bytes) -> None:
    told = attributes(MAVIC)
    parse_xmp(told[:place] + damage + told[place + len(damage) :])


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_format_carries_it(picture_format: str) -> None:
    told = attributes(MAVIC)
    if picture_format == "TIFF":
        stream = io.BytesIO()
        Image.new("RGB", (8, 8)).save(stream, "TIFF", tiffinfo={700: told})
        data = stream.getvalue()
    elif picture_format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", told.decode())
        stream = io.BytesIO()
        Image.new("RGB", (8, 8)).save(stream, "PNG", pnginfo=info)
        data = stream.getvalue()
    else:
        data = picture(told, picture_format=picture_format)
    with open_picture(data) as image:
        assert len(parse_xmp(xmp_of(image))) == len(MAVIC)


def test_a_picture_without_has_none() -> None:
    with open_picture(picture()) as image:
        assert xmp_of(image) == b""
