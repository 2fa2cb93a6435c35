"""Drones by their makers' words: which make and model flies, and how wide its sensor is.

A model is the camera's code in EXIF (`FC6310` is a Phantom 4 Pro). Makers of drones sell hand-held
cameras too, under the same make, so that a make alone says little for DJI and Hasselblad. Sensor
widths are those of the makers' data sheets; photogrammetry of single cameras finds up to 3% other.
"""

from __future__ import annotations

DJI, PARROT, AUTEL = "dji", "parrot", "autel"
SKYDIO, YUNEEC, SENSEFLY = "skydio", "yuneec", "sensefly"

_DJI_MODELS = frozenset(
    (
        *("L1D-20C", "L2D-20C", "L3D-100C", "M2EA", "M3E", "M3T", "M3TA", "M3M", "M30", "M30T"),
        *("M4E", "M4T", "M4D", "M4TD", "XT2", "FLIR"),
    )
)
_DJI_BEGINNINGS = ("ZENMUSE", "ZH20", "ZH30", "ZP1", "PHANTOM", "MAVIC", "XT S")
_PHONES = frozenset(("apple", "samsung", "google", "xiaomi", "huawei", "honor", "oneplus", "oppo"))

_ONE_INCH, _FOUR_THIRDS, _HALF_INCH, _SMALL = 13.2, 17.3, 6.4, 6.17
_BOSON, _TAU = 640 * 0.012, 640 * 0.017  # microbolometers: 12 and 17 micrometres a pixel

SENSOR_WIDTHS: dict[str, float] = {
    **dict.fromkeys(("FC6310", "FC6310R", "FC6310S", "L1D-20C", "FC3411", "FC6510"), _ONE_INCH),
    **dict.fromkeys(("XT705", "XL705"), _ONE_INCH),
    **dict.fromkeys(("L2D-20C", "M3E", "M3M", "FC550", "FC550R", "FC6520"), _FOUR_THIRDS),
    **dict.fromkeys(("M3T", "M3TA", "MAVIC2-ENTERPRISE-ADVANCED", "M2EA", "FC4170"), _HALF_INCH),
    **dict.fromkeys(("XT709", "FC3170"), _HALF_INCH),
    **dict.fromkeys(("FC220", "FC230", "FC300C", "FC300S", "FC300X", "FC300XW"), _SMALL),
    **dict.fromkeys(("FC330", "FC1102", "FC2103", "FC2200", "FC2204", "FC7203", "FC7303"), _SMALL),
    **dict.fromkeys(("ZP1", "ZENMUSEP1"), 35.9),
    "FC6540": 23.5,
}
"""Millimetres along the long side of the sensor, by model; the others have their 35 mm equivalent
or are not known."""

THERMAL_WIDTHS: dict[str, float] = {
    **dict.fromkeys(("MAVIC2-ENTERPRISE-ADVANCED", "M2EA", "M3T", "M3TA", "M30T", "M4T"), _BOSON),
    **dict.fromkeys(("M4TD", "ZH20T", "ZH20N", "ZENMUSEH20T", "XT709", "XL709"), _BOSON),
    **dict.fromkeys(("XT2", "FLIR"), _TAU),
}
"""The same for the infra-red cameras, which write the model of the colour camera beside them."""

_THERMAL_SIZES = frozenset([(640, 512), (640, 480), (1280, 1024), (336, 256), (320, 256)])


def maker_of(make: str, model: str) -> str:
    """The maker, where EXIF's make and model are those of a drone's camera; else empty."""
    make, model = make.strip().lower(), model.strip().upper()
    if make.startswith(("dji", "hasselblad")):
        is_code = model.startswith("FC") and model[2:3].isdigit() and make.startswith("dji")
        is_known = model in _DJI_MODELS or model.startswith(_DJI_BEGINNINGS)
        return DJI if is_code or is_known else ""
    if make.startswith("parrot"):
        return PARROT
    if make.startswith("autel"):
        return AUTEL
    for maker in (SKYDIO, YUNEEC, SENSEFLY):
        if make.startswith(maker):
            return maker
    return ""


def is_phone(make: str) -> bool:
    """True for makes of telephones, whose survey programs write a drone's properties too."""
    return make.strip().lower() in _PHONES


def is_thermal(model: str, size: tuple[int, int], source: str) -> bool:
    """True for a picture of an infra-red camera; `source` is what XMP calls `ImageSource`."""
    if "infrared" in source.lower() or "thermal" in source.lower():
        return True
    return model.strip().upper() in THERMAL_WIDTHS and size in _THERMAL_SIZES


def sensor_width(model: str, *, thermal: bool) -> float | None:
    """Millimetres along the long side of a model's sensor, or None where it is not known."""
    return (THERMAL_WIDTHS if thermal else SENSOR_WIDTHS).get(model.strip().upper())
