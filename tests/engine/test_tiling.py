"""Which pictures of a card are looked at tile by tile, and what a run tells beforehand."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camtrap.card.exif import parse_capture
from camtrap.config import Settings, resolve
from camtrap.drone.flight import DroneCapture
from camtrap.engine.season import add_card, foretold, run_card
from camtrap.engine.stages import decoded
from camtrap.engine.tiling import Forecast, Tiling, forecast
from camtrap.errors import ConfigError
from camtrap.ledger.store import Ledger
from camtrap.pixels.limits import Limits
from camtrap.pixels.tiles import Tile
from camtrap.records import State
from tests.blobs import BlobPredictor, painted
from tests.cards import encoded, image_files, new_run, put, settings, silence, states, textured

SIZE = (1400, 1000)
ANIMALS = [("prey", (90 + 240 * n, 400 + 31 * n, 24, 6)) for n in range(5)]
MAKE, MODEL = 0x010F, 0x0110


def drone_picture(make: str = "DJI", model: str = "FC6310", xmp: bytes = b"") -> bytes:
    exif = Image.Exif()
    exif[MAKE], exif[MODEL] = make, model
    options: dict[str, Any] = {"xmp": xmp} if xmp else {}
    return encoded(painted(SIZE, ANIMALS), quality=95, exif=exif.tobytes(), **options)


def flown(altitude: float, pitch: float) -> bytes:
    """XMP as DJI writes it."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" '
        f'drone-dji:RelativeAltitude="+{altitude}" drone-dji:GimbalPitchDegree="{pitch}" '
        'drone-dji:GimbalYawDegree="12.0" drone-dji:GpsLatitude="43.1" '
        'drone-dji:GpsLongitude="131.5" drone-dji:CalibratedFocalLength="1200" '
        'drone-dji:CalibratedOpticalCenterX="700"/>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


@pytest.mark.parametrize(
    ("make", "model", "mode", "wanted"),
    [
        ("DJI", "FC6310", "auto", True),
        ("Parrot", "ANAFI", "auto", True),
        ("RECONYX", "HYPERFIRE 2", "auto", False),
        ("", "", "auto", False),
        ("RECONYX", "HYPERFIRE 2", "true", True),
        ("DJI", "FC6310", "false", False),
    ],
)
def test_a_drones_pictures_are_tiled_and_others_where_asked(
    make: str, model: str, mode: str, wanted: bool
) -> None:
    data = drone_picture(make, model)
    assert (Tiling(mode).drone_of(data, parse_capture(data)) is not None) is wanted


def test_a_picture_that_one_look_takes_has_no_tiles() -> None:
    assert Tiling().tiles(DroneCapture(), 640, 512) == ()
    assert len(Tiling().tiles(DroneCapture(), 641, 512)) > 1


def planned(height: float | None = None, pitch: float = 0.0) -> tuple[Tile, ...]:
    data = drone_picture(xmp=b"" if height is None else flown(height, pitch))
    drone = Tiling().drone_of(data, parse_capture(data))
    assert drone is not None
    return Tiling().tiles(drone, *SIZE)


def test_a_known_distance_to_the_ground_makes_one_scale() -> None:
    every = planned()
    low, high = planned(12, -90), planned(300, -90)
    assert len({tile.scale for tile in every}) == 3
    # 12 m and 1,200 pixels of focal length: a centimetre a pixel, and a metre is 100 pixels.
    assert {round(tile.scale, 2) for tile in low} == {0.48}
    assert {tile.scale for tile in high} == {2.0}
    assert planned(6, -45) == every


def test_the_whole_way_of_a_drones_picture(tmp_path: Path) -> None:
    card = put(
        tmp_path / "card", {"a.JPG": drone_picture(), "b.JPG": drone_picture("RECONYX", "X")}
    )
    model = BlobPredictor()
    [drone, camera] = image_files(card, ["a.JPG", "b.JPG"])
    known, look = decoded(drone, drone.path.read_bytes(), 640, tiling=Tiling())
    assert look is not None and look.tiles
    assert (known.width, known.height) == SIZE
    assert known.aerial is not None and known.aerial.maker == "dji"
    [verdict] = model.judge([look])
    assert len(verdict.detections) == len(ANIMALS)
    known, look = decoded(camera, camera.path.read_bytes(), 640, tiling=Tiling())
    assert look is not None and not look.tiles
    assert known.aerial is None


def test_damage_ends_in_a_state_as_everywhere(tmp_path: Path) -> None:
    whole = drone_picture()
    card = put(
        tmp_path / "card",
        {"cut.JPG": whole[: len(whole) // 2], "hole.JPG": whole[:-5000] + bytes(5000)},
    )
    for file in image_files(card, ["cut.JPG", "hole.JPG"]):
        known, look = decoded(file, file.path.read_bytes(), 640, tiling=Tiling())
        assert (known.state, look) == (State.TRUNCATED, None)
    limited = Tiling("true", Limits(pixels=1_000_000))
    card = put(tmp_path / "card", {"large.JPG": whole})
    [file] = image_files(card, ["large.JPG"])
    known, look = decoded(file, whole, 640, tiling=limited)
    assert (known.state, look) == (State.UNREADABLE, None)
    assert "limit of 1 megapixels" in known.reason


@pytest.mark.parametrize(("drone", "boxes"), [("auto", 5), ("false", 4), ("true", 5)])
def test_a_season_holds_all_boxes_of_a_drones_picture(
    tmp_path: Path, ledger: Ledger, drone: str, boxes: int
) -> None:
    card = put(tmp_path / "card", {"DCIM/DJI_0001.JPG": drone_picture()})
    summary = add_card(ledger, card)
    model = BlobPredictor()
    run_card(
        ledger,
        summary.card,
        model,
        new_run(ledger, model),
        settings(drone=drone),
        stop=threading.Event(),
        progress=silence(),
    )
    [entry] = ledger.entries()
    assert len(entry.detections) == boxes
    assert states(ledger)["DCIM/DJI_0001.JPG"] is State.PREY


def test_a_run_tells_beforehand_how_many_tiles_there_are(tmp_path: Path, ledger: Ledger) -> None:
    picture = drone_picture()
    card = put(tmp_path / "card", {f"{n}.JPG": picture + bytes(n) for n in range(20)})
    summary = add_card(ledger, card)
    found = foretold(ledger, summary.card, BlobPredictor(), settings())
    assert found is not None
    assert found.pictures == 20
    assert found.tiles == 20 * len(planned())
    assert found.seconds > 0
    assert foretold(ledger, summary.card, BlobPredictor(), settings(drone="false")) is None


def test_nothing_is_timed_on_an_ordinary_card(tmp_path: Path) -> None:
    card = put(tmp_path / "card", {"a.JPG": encoded(textured()), "b.JPG": b"", "c.JPG": b"none"})
    files = image_files(card, ["a.JPG", "b.JPG", "c.JPG"])

    def never(frames):
        raise AssertionError("no network is needed")

    assert forecast(files, 3, Tiling(), never) is None
    assert forecast([], 0, Tiling(), never) is None


def test_a_forecast_is_a_sentence() -> None:
    assert str(Forecast(3_400, 221_000, 24_556.0)) == (
        "about 3,400 large pictures, 221,000 tiles at 9.0 a second: some 6 h 49 min"
    )
    assert str(Forecast(1, 65, 20.0)).endswith("some 1 min")


# Settings


@pytest.mark.parametrize(
    ("text", "value"), [('"auto"', "auto"), ("true", "true"), ("false", "false")]
)
def test_a_settings_file_says_auto_true_or_false(tmp_path: Path, text: str, value: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"drone = {text}\n", encoding="utf-8")
    assert resolve(path, {}).drone == value
    assert resolve(path, {"CAMTRAP_DRONE": "auto"}).drone == "auto"
    assert resolve(path, {"CAMTRAP_DRONE": "auto"}, drone="true").drone == "true"


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="auto, true or false"):
        Settings(drone="sometimes")


def test_tiles_are_looked_at_in_the_size_of_the_model() -> None:
    model = BlobPredictor()
    model.first_look([np.zeros((640, 640, 3), np.uint8)])
    assert model.frame_side == 640
