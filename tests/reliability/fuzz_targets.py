"""What is fuzzed: every reader of bytes from strangers, from good files made by code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from camtrap.card.clock import resolve_time
from camtrap.card.exif import parse_capture, parse_timestamp
from camtrap.card.header import lean
from camtrap.card.makernotes import parse_makernote
from camtrap.card.offsets import read_offsets
from camtrap.card.stations import read_stations
from camtrap.config import resolve
from camtrap.drone.flight import parse_drone_capture
from camtrap.errors import ConfigError, DataError, NotesError, UnreadablePicture
from camtrap.learn.corrections import read_corrections
from camtrap.learn.dataset import read_manifest
from camtrap.learn.sources import read_samples
from camtrap.pixels.damage import hole_in_jpeg, is_cut_jpeg
from camtrap.pixels.decode import decode_frame, opened
from camtrap.pixels.radiometric import heat_of
from camtrap.records import Capture
from camtrap.taxonomy import Taxonomy, read_taxonomy
from tests.flir import scene, thermogram
from tests.reliability.fuzz_exports import export_targets
from tests.reliability.fuzz_imports import import_targets
from tests.reliability.fuzzing import Call, Target, from_file
from tests.reliability.hostile import IN_JSON, IN_TABLES, IN_TOML


def all_targets(folder: Path) -> list[Target]:
    """Every target; files that a reader needs are written below `folder`."""
    taxonomy = read_taxonomy()
    pictures = _pictures()
    metadata = _metadata()
    notes = [b"RECONYXH2\0" + bytes(200), b"RECONYXUF\0" + bytes(200), b"\x01\xf1" + bytes(200)]
    notes += [b'{"maker":"Browning","temperature":"40C","serial_number":"A1","camera_name":"x"}']
    names = [
        b"20180322_102050.JPG",
        b"2023-01-01 at 12.00.00 PM.jpg",
        b"DJI_20230101120000_0001.JPG",
    ]
    times = [b"2015:01:15 06:01:07", b"2015-01-15T06:01:07.123+05:45", b"2020:01:01  1:2:3Z"]
    refused = (UnreadablePicture,)
    return [
        Target("exif", metadata, parse_capture, share=4),
        Target("makernote", notes, lambda data: parse_makernote(data, "RECONYX"), share=40),
        Target("is_cut_jpeg", pictures, is_cut_jpeg, share=20),
        Target("hole_in_jpeg", pictures, hole_in_jpeg, share=20),
        Target("lean", metadata + pictures, lean, refused, share=10),
        Target("decode", pictures, lambda data: decode_frame(data, 32), refused),
        Target("heat", _heat(), _heat_reader, refused),
        Target("drone", _flights(), parse_drone_capture, share=4),
        Target("filename time", names, _time_of_name, share=40),
        Target("date", times, lambda data: parse_timestamp(data.decode("latin-1")), share=20),
        Target(
            "settings",
            _SETTINGS,
            from_file(folder / "a.toml", resolve),
            (ConfigError,),
            hostile=IN_TOML,
        ),
        Target("manifest", _MANIFEST, _manifest_reader(folder), (DataError,), hostile=IN_TABLES),
        *_tables_of_people(folder),
        *_label_targets(folder, taxonomy),
        *import_targets(folder, taxonomy),
        *export_targets(folder),
    ]


def _tables_of_people(folder: Path) -> list[Target]:
    """What people write by hand, in the spelling of whatever program they come from."""
    stations = from_file(folder / "stations.csv", read_stations)
    offsets = from_file(folder / "clock_offsets.csv", read_offsets)
    corrections = from_file(folder / "corrections.csv", read_corrections)
    return [
        Target("stations", _STATIONS, stations, (NotesError,), 2, IN_TABLES),
        Target("clock offsets", _OFFSETS, offsets, (NotesError,), 2, IN_TABLES),
        Target("corrections", _CORRECTIONS, corrections, (DataError,), hostile=IN_TABLES),
    ]


def _time_of_name(data: bytes) -> object:
    modified = int.from_bytes(data[:10], "little", signed=True)
    return resolve_time(Capture(), data.decode("utf-8", "surrogateescape"), modified)


def _manifest_reader(folder: Path) -> Call:
    return from_file(folder / "manifest.csv", lambda path: read_manifest(path, ()))


def _label_targets(folder: Path, taxonomy: Taxonomy) -> list[Target]:
    """Readers of others' tables, each with pictures that really are there."""
    pictures = folder / "pictures"
    for name in ("a/1.jpg", "a/2.jpg", "b/3.jpg"):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        (pictures / name).write_bytes(b"\xff\xd8")

    def labels(path: Path) -> object:
        return read_samples(path, pictures=pictures, taxonomy=taxonomy)

    package = folder / "package"
    package.mkdir(exist_ok=True)
    tables = {"datapackage.json": _PACKAGE, **_TABLES}
    targets = [
        Target(
            "coco",
            [json.dumps(_COCO).encode()],
            from_file(folder / "coco.json", labels),
            (DataError,),
            hostile=IN_JSON,
        ),
        Target(
            "megadetector",
            [json.dumps(_MEGADETECTOR).encode()],
            from_file(folder / "md.json", labels),
            (DataError,),
            hostile=IN_JSON,
        ),
    ]
    for changed, seed in tables.items():

        def call(data: bytes, changed: str = changed) -> object:
            for name, content in tables.items():
                (package / name).write_bytes(data if name == changed else content)
            return labels(package)

        hostile = IN_JSON if changed.endswith("json") else IN_TABLES
        targets.append(Target(f"camtrap dp {changed}", [seed], call, (DataError,), 1, hostile))
    return targets


def _pictures() -> list[bytes]:
    """Small pictures of every format that is read."""
    found = []
    small = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        *(("JPEG", {}), ("JPEG", {"progressive": True}), ("JPEG", {"restart_marker_rows": 1})),
        *(("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {})),
        *(("GIF", {}), ("WEBP", {}), ("MPO", {"save_all": True, "append_images": [small]})),
    )
    for name, options in kinds:
        buffer = io.BytesIO()
        small.save(buffer, name, **options)
        found.append(buffer.getvalue())
    return found


def _metadata() -> list[bytes]:
    """Pictures of one pixel with EXIF, GPS and maker notes."""
    found = []
    for note in (b"RECONYXH2\0" + bytes(180), b'{"maker":"Browning","temperature":"40C"}'):
        exif = Image.Exif()
        exif.update({0x010F: "RECONYX", 0x0110: "HP2X", 0x0112: 6, 0x0132: "2020:01:01 10:00:00"})
        exif.get_ifd(0x8769).update({0x9003: "2020:01:01 10:00:00", 0x9291: "5", 0x927C: note})
        exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 6.0, 0.5), 3: "E", 4: (131.0, 24.0, 0.1)})
        for name in ("JPEG", "PNG", "WEBP", "TIFF"):
            buffer = io.BytesIO()
            Image.new("RGB", (1, 1)).save(buffer, name, exif=exif)
            found.append(buffer.getvalue())
    return found


_SETTINGS = [
    b'model = "amur"\nworkers = 4\nevent_gap_minutes = 30.0\n[thresholds]\nleopard = 0.3\n',
    b'device = "cuda:0,cuda:1"\nbackend = "onnx"\nbatch_size = 0\ndecoder = "cpu"\n',
]
_STATIONS = [
    b"station_id,station_name,latitude,longitude,coordinate_uncertainty_m,deployment_id,camera_id,"
    b"start,end,utc_offset,problem1_from,problem1_to,height_m,folder\n"
    b"ST01,Ridge,43.1,131.4,5,ST01_a,H2R1,2026-01-01 08:00,2026-03-01,+10:00,2026-01-05,2026-01-09,"
    b"0.5,100RECNX\nST02,,,,,,,,,,,,,\n",
    b"Station;Camera;utm_x;utm_y;utm_zone;Setup_date;Retrieval_date;Problem1_from;Problem1_to\n"
    b"A;CamA;500000;4700000;52N;01/02/2026;28/02/2026;;\n",
    b"deploymentID,locationID,latitude,longitude,deploymentStart,deploymentEnd\n"
    b"d1,l1,43.1,131.4,2026-01-01T08:00:00+10:00,2026-02-01T08:00:00Z\n",
]
_OFFSETS = [
    b"deployment_id,seconds,from,to,reason\nST01_a,43200,2026-01-01 00:00,2026-02-01,am for pm\n"
    b"ST01_a,-3600,2026-02-02,,summer time\n",
]
_CORRECTIONS = [
    b"file,action,reason,x,y,width,height\na.jpg,leave out,no animal,,,,\n"
    b"b.jpg,box,overlooked,0.1,0.2,0.3,0.4\n",
]
_MANIFEST = [
    b"file,label,source,site_or_sequence,split,species,modality,licence\n"
    b"a/1.jpg,leopard,x,NTLNP bg06 frame1186,train,Panthera pardus,day,CC0\n"
    b'"a/2, b.jpg",empty,x,,test,,night_ir,\n',
]
_COCO: dict[str, Any] = {
    "images": [
        {
            "id": "1",
            "file_name": "a/1.jpg",
            "width": 40,
            "height": 30,
            "location": "s1",
            "seq_id": "q",
            "datetime": "2020-01-01 10:00:00",
            "license": 1,
        },
        {"id": 2, "file_name": "a/2.jpg", "corrupt": False},
        {"id": 3, "file_name": "b\\3.jpg", "datetime": "2020-01-01 10:05:00"},
    ],
    "annotations": [
        {"id": 1, "image_id": "1", "category_id": 1, "bbox": [1, 2, 20, 10]},
        {"id": 2, "image_id": 2, "category_id": 0},
        {"id": 3, "image_id": 3, "category_id": 1, "bbox_relative": [0.1, 0.1, 0.5, 0.5]},
    ],
    "categories": [{"id": 0, "name": "empty"}, {"id": 1, "name": "Panthera pardus"}],
    "licenses": [{"id": 1, "name": "CC0"}],
}
_MEGADETECTOR: dict[str, Any] = {
    "images": [
        {
            "file": "a/1.jpg",
            "datetime": "2020-01-01 10:00:00",
            "location": "s1",
            "detections": [
                {
                    "category": "1",
                    "conf": 0.9,
                    "bbox": [0.1, 0.1, 0.2, 0.2],
                    "classifications": [["3", 0.8], ["4", 0.1]],
                }
            ],
        },
        {"file": "a/2.jpg", "detections": []},
        {"file": "b/3.jpg", "failure": "Failure image access"},
    ],
    "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
    "classification_categories": {"3": "leopard", "4": "wild boar"},
    "classification_category_descriptions": {"3": "a;b;c;panthera;pardus;leopard"},
    "info": {"format_version": "1.4"},
}
_PACKAGE = json.dumps(
    {
        "name": "p",
        "licenses": [{"name": "CC0", "scope": "media"}],
        "resources": [
            {"name": name, "path": f"{name}.csv"}
            for name in ("deployments", "media", "observations")
        ],
    }
).encode()
_TABLES = {
    "deployments.csv": b"deploymentID,locationID,locationName\nd1,l1,ridge\nd2,,\n",
    "media.csv": b"mediaID,deploymentID,timestamp,filePath,fileName,fileMediatype\n"
    b"m1,d1,2020-01-01T10:00:00Z,a/1.jpg,1.jpg,image/jpeg\n"
    b"m2,d1,2020-01-01T10:00:30+08:00,a/2.jpg,,image/jpeg\nm3,d2,,b/3.jpg,3.jpg,\n",
    "observations.csv": b"deploymentID,mediaID,eventID,eventStart,eventEnd,observationLevel,"
    b"observationType,scientificName,bboxX,bboxY,bboxWidth,bboxHeight,classificationMethod,"
    b"observationTags\n"
    b"d1,m1,e1,2020-01-01T10:00:00Z,2020-01-01T10:01:00Z,media,animal,Panthera pardus,0.1,0.1,0.2,"
    b"0.2,human,\nd1,,e2,2020-01-01T01:00:00Z,2020-01-01T11:00:00Z,event,blank,,,,,,,\n"
    b"d2,m3,e3,,,media,animal,,,,,,human,label:prey | a:b\n",
}


def _heat() -> list[bytes]:
    return [thermogram(scene(16, 12), as_png=as_png) for as_png in (False, True)]


def _heat_reader(data: bytes) -> None:
    with opened(data) as image:
        heat_of(data, image)


def _flights() -> list[bytes]:
    packets = [
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" drone-dji:GimbalPitchDegree="-90.00" '
        'drone-dji:RelativeAltitude="+60.10" drone-dji:FlightYawDegree="12.5"/>'
        "</rdf:RDF></x:xmpmeta>",
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:Camera="http://pix4d.com/camera/1.0/"><Camera:Pitch>0.5</Camera:Pitch>'
        "<Camera:Yaw>170</Camera:Yaw></rdf:Description></rdf:RDF></x:xmpmeta>",
    ]
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "DJI", "FC6310"
    pictures = []
    for packet in packets:
        buffer = io.BytesIO()
        Image.new("RGB", (16, 12)).save(
            buffer, "JPEG", exif=exif.tobytes(), xmp=packet.encode("utf-8")
        )
        pictures.append(buffer.getvalue())
    return pictures
