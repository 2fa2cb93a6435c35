"""One picture of a drone: from EXIF and XMP to a `DroneCapture`.

Properties are known by their names: DJI's `GimbalPitchDegree`, which Autel writes too, Parrot's
`CameraPitchDegree`, Skydio's `CameraOrientationNED`, and `Camera:Pitch` of Pix4D and senseFly,
which many write. DJI's angles are yaw, then pitch, then roll, in a frame of north, east and down
(DJI Mavic 3E/3T User Manual, Photo File: "NED coordinate system, the rotation order is ZYX"), with
0 on the horizon and -90 straight down. Pix4D's are those of an aircraft under which the camera
hangs looking down. What is broken or missing stays None; nothing raises.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from camtrap.card.exif import capture_of
from camtrap.card.header import Lean, open_picture, safe_exif
from camtrap.drone import makers
from camtrap.drone.lens import Lens, lens_of
from camtrap.drone.numbers import between, first_of, number_of
from camtrap.drone.rotation import angles_of, multiplied, rotation
from camtrap.drone.xmp import Name, parse_xmp, xmp_of
from camtrap.records import Capture

logger = logging.getLogger(__name__)

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_FOCAL_LENGTH, _FOCAL_35MM, _DIGITAL_ZOOM = 0x920A, 0xA405, 0xA404
_PLANE_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_MILLIMETRES = {2: 25.4, 3: 10.0, 4: 1.0, 5: 1e-3}  # EXIF has inch and centimetre, TIFF/EP all
_ALTITUDE_REFERENCE, _ALTITUDE, _POSITIONING_ERROR = 5, 6, 31
_BELOW_SEA = (1, 3)  # EXIF 3.0 adds 3, below the ellipsoid

_PITCHES = (
    "GimbalPitchDegree",
    "CameraPitchDegree",
    "CameraOrientationNED/Pitch",
    "CameraOrientationNEDPitch",
)
_YAWS = tuple(name.replace("Pitch", "Yaw") for name in _PITCHES)
_ROLLS = tuple(name.replace("Pitch", "Roll") for name in _PITCHES)
_FLIGHT_YAWS = ("FlightYawDegree", "DroneYawDegree")
_LATITUDES = ("GpsLatitude", "Latitude", "GPSLatitude")
_LONGITUDES = ("GpsLongitude", "GpsLongtitude", "Longitude", "GPSLongitude")
_TELLING = frozenset((*_PITCHES, *_FLIGHT_YAWS, "RelativeAltitude"))

_FROM_THE_HORIZON = -45.0
"""Pix4D's pitch is 0 straight down and grows forward. Some write the gimbal's, 0 on the horizon,
under the same name; nobody flies with a camera that looks so far backward, so less is theirs."""

_TURNS = 720.0
_MOST_ACCURATE_M, _LEAST_ACCURATE_M = 1e-4, 1_000.0  # 0 and 1000 are how writers say "unknown"
_HIGHEST_M = 12_000.0


@dataclass(frozen=True, slots=True)
class DroneCapture:
    """What a drone's picture says of itself; None is unknown.

    `latitude` and `longitude` are WGS84 degrees. `relative_altitude_m` is above the place of
    take-off, or above ground where the drone measured that; `absolute_altitude_m` is above the sea
    or the ellipsoid, as the maker has it. `pitch` is 0 on the horizon and -90 straight down, `yaw`
    clockwise from true north, -180..180, `roll` positive with the right side down; `flight_yaw` is
    the aircraft's. `focal_px` is the maker's calibration in pixels. `sensor_width_mm` and `width`
    are along the stored picture, before `orientation` (EXIF, 1..8) turns it upright.
    `position_error_m` and `height_error_m` are one standard deviation, as RTK and others write it.
    `lens` is what was measured of it; `lens_ignored` where the header tells of a lens in a way that
    cannot be used for this picture.
    """

    maker: str = ""
    make: str = ""
    model: str = ""
    latitude: float | None = None
    longitude: float | None = None
    relative_altitude_m: float | None = None
    absolute_altitude_m: float | None = None
    pitch: float | None = None
    yaw: float | None = None
    roll: float | None = None
    flight_yaw: float | None = None
    focal_length_mm: float | None = None
    focal_35mm: float | None = None
    focal_px: float | None = None
    digital_zoom: float | None = None
    sensor_width_mm: float | None = None
    width: int = 0
    height: int = 0
    orientation: int = 1
    is_thermal: bool = False
    position_error_m: float | None = None
    height_error_m: float | None = None
    lens: Lens | None = None
    lens_ignored: bool = False

    def __post_init__(self) -> None:
        if self.lens is not None:  # a list, where it comes from JSON
            object.__setattr__(self, "lens", Lens(*self.lens))


def drone_capture_of(
    image: Image.Image, *, capture: Capture | None = None, forced: bool = False
) -> DroneCapture | None:
    """What the header of an opened picture says of the flight; None when no drone took it.

    `capture` is what `capture_of` made of the same picture, where that was done before. `forced`
    takes any picture for a drone's. Pixels are not decoded; nothing is raised for broken headers.
    """
    capture = capture or capture_of(image)
    found = parse_xmp(xmp_of(image))
    said = _by_name(found)
    maker = makers.maker_of(capture.make, capture.model) or _maker_by_namespace(found)
    is_told = not _TELLING.isdisjoint(said) or ("Camera:Pitch" in said)
    if not (maker or forced or (is_told and not makers.is_phone(capture.make))):
        return None
    return _drone_capture(image, capture, said, maker)


def parse_drone_capture(
    data: bytes | Lean, *, forced: bool = False, metadata_limit: int | None = None
) -> DroneCapture | None:
    """The same of a file's bytes; None when they are not a picture, or no drone's.

    `metadata_limit` is that of `header.lean`.
    """
    try:
        with open_picture(data, metadata_limit) as image:
            return drone_capture_of(image, forced=forced)
    except Exception as error:  # Pillow raises what it likes on broken bytes
        logger.debug("No picture header: %r", error)
        return None


def _drone_capture(
    image: Image.Image, capture: Capture, said: Mapping[str, str], maker: str
) -> DroneCapture:
    exif, gps = _read_ifds(image)
    width, height = image.size
    thermal = makers.is_thermal(capture.model, image.size, said.get("ImageSource", ""))
    latitude, longitude = _position(said, capture)
    yaw, pitch, roll = _angles(said)
    position_error, height_error = _accuracy(said, gps)
    relative = first_of(said, ("RelativeAltitude", "Camera:AboveGroundAltitude"), _HIGHEST_M)
    absolute = first_of(said, ("AbsoluteAltitude",), _HIGHEST_M)
    sensor_width = makers.sensor_width(capture.model, thermal=thermal)
    lens, is_ignored = lens_of(said, image.size, _px_per_mm(exif, max(image.size), sensor_width))
    return DroneCapture(
        maker=maker,
        make=capture.make,
        model=capture.model,
        latitude=latitude,
        longitude=longitude,
        relative_altitude_m=relative,
        absolute_altitude_m=_gps_altitude(gps) if absolute is None else absolute,
        pitch=pitch,
        yaw=yaw,
        roll=roll,
        flight_yaw=_turn(first_of(said, _FLIGHT_YAWS, _TURNS)),
        focal_length_mm=between(number_of(exif.get(_FOCAL_LENGTH)), 0.5, 2_000),
        focal_35mm=between(number_of(exif.get(_FOCAL_35MM)), 5, 5_000),
        focal_px=_calibrated(said, width),
        digital_zoom=between(number_of(exif.get(_DIGITAL_ZOOM)), 1, 200),
        sensor_width_mm=sensor_width,
        width=width,
        height=height,
        orientation=capture.orientation,
        is_thermal=thermal,
        position_error_m=position_error,
        height_error_m=height_error,
        lens=lens,
        lens_ignored=is_ignored,
    )


def _by_name(found: Mapping[Name, str]) -> dict[str, str]:
    """Properties by name alone; those of Pix4D's and senseFly's namespace begin with `Camera:`.

    The namespaces of the makers have no name in common with different meanings. Those of Adobe are
    left out, for their GPSLatitude is written in another way.
    """
    said: dict[str, str] = {}
    for (namespace, name), text in found.items():
        namespace = namespace.lower()
        if "pix4d" in namespace or "sensefly" in namespace:
            said.setdefault(f"Camera:{name}", text)
        elif any(maker in namespace for maker in ("dji", "parrot", "autel", "skydio", "yuneec")):
            said.setdefault(name, text)
    return said


def _maker_by_namespace(found: Mapping[Name, str]) -> str:
    """The maker whose namespace holds a property that only a drone has."""
    for namespace, name in found:
        if name in _TELLING:
            for maker in (makers.DJI, makers.PARROT, makers.AUTEL, makers.SKYDIO, makers.YUNEEC):
                if maker in namespace.lower():
                    return maker
    return ""


def _read_ifds(image: Image.Image) -> tuple[dict[int, object], dict[int, object]]:
    directories: list[dict[int, object]] = []
    for pointer in (_EXIF_IFD, _GPS_IFD):
        try:
            directories.append(dict(safe_exif(image).get_ifd(pointer)))
        except Exception as error:  # as in card.exif: Pillow lets out what it likes
            logger.debug("EXIF directory %#x cannot be read: %r", pointer, error)
            directories.append({})
    return directories[0], directories[1]


def _position(said: Mapping[str, str], capture: Capture) -> tuple[float, float] | tuple[None, None]:
    """XMP's place, which has more digits, else that of EXIF; (0, 0) is how "no fix" is written."""
    latitude = first_of(said, _LATITUDES, 90)
    longitude = first_of(said, _LONGITUDES, 180)
    if latitude is not None and longitude is not None and (latitude or longitude):
        return latitude, longitude
    if capture.latitude is None or capture.longitude is None:
        return None, None
    return capture.latitude, capture.longitude


def _angles(said: Mapping[str, str]) -> tuple[float | None, float | None, float | None]:
    """Yaw, pitch and roll of the camera as DJI has them; the maker's own go before Pix4D's."""
    yaw, pitch, roll = (_turn(first_of(said, names, _TURNS)) for names in (_YAWS, _PITCHES, _ROLLS))
    if pitch is not None:
        return yaw, pitch, roll
    yaw, pitch, roll = (
        _turn(first_of(said, (f"Camera:{name}",), _TURNS)) for name in ("Yaw", "Pitch", "Roll")
    )
    if pitch is None or pitch < _FROM_THE_HORIZON:
        return yaw, pitch, roll
    hanging = multiplied(rotation(yaw or 0, pitch, roll or 0), rotation(0, -90, 0))
    turned, pitch, rolled = angles_of(hanging)
    return None if yaw is None else turned, pitch, rolled


def _accuracy(
    said: Mapping[str, str], gps: Mapping[int, object]
) -> tuple[float | None, float | None]:
    """Standard deviations in metres, of each horizontal axis and of the height.

    DJI writes RtkFlag 0 where it had no position by RTK at all.
    """
    has_rtk = first_of(said, ("RtkFlag",), 100) != 0
    axes = [_error(first_of(said, (name,), 1e6)) for name in ("RtkStdLat", "RtkStdLon")]
    if has_rtk and axes[0] is not None and axes[1] is not None:
        return max(axes[0], axes[1]), _error(first_of(said, ("RtkStdHgt",), 1e6))
    across = _error(first_of(said, ("Camera:GPSXYAccuracy",), 1e6))
    if across is None:
        across = _error(number_of(gps.get(_POSITIONING_ERROR)))
    return across, _error(first_of(said, ("Camera:GPSZAccuracy",), 1e6))


def _error(metres: float | None) -> float | None:
    if metres is None or not _MOST_ACCURATE_M <= metres < _LEAST_ACCURATE_M:
        return None
    return metres


def _gps_altitude(gps: Mapping[int, object]) -> float | None:
    altitude = between(number_of(gps.get(_ALTITUDE)), -_HIGHEST_M, _HIGHEST_M)
    if altitude is None:
        return None
    reference = gps.get(_ALTITUDE_REFERENCE)
    if isinstance(reference, bytes):
        reference = reference[:1][0] if reference else 0
    return -abs(altitude) if reference in _BELOW_SEA else altitude


def _calibrated(said: Mapping[str, str], width: int) -> float | None:
    """The calibrated focal length, where its optical centre shows that it means this picture.

    It is that of the full picture, and stays in the header when somebody makes that smaller.
    """
    focal = first_of(said, ("CalibratedFocalLength",), 1e6)
    centre = first_of(said, ("CalibratedOpticalCenterX",), 1e6)
    if focal is None or centre is None or abs(centre - width / 2) > width / 10:
        return None
    return between(focal, width / 5, width * 50)


def _px_per_mm(
    exif: Mapping[int, object], long_side: int, sensor_width_mm: float | None
) -> float | None:
    """Pixels on a millimetre of the sensor, by EXIF, else by the sensor's width; or None."""
    resolution = between(number_of(exif.get(_PLANE_RESOLUTION)), 1e-3, 1e9)
    unit = _MILLIMETRES.get(int(number_of(exif.get(_PLANE_UNIT)) or 0))
    if resolution is not None and unit is not None:
        return resolution / unit
    return None if sensor_width_mm is None else long_side / sensor_width_mm


def _turn(degrees: float | None) -> float | None:
    """The same direction as -180 to 180 degrees."""
    return None if degrees is None else math.remainder(degrees, 360)
