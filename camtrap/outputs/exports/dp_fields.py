"""The columns of Camtrap DP 1.0.2, in the order in which they must stand, with their rules.

Source: the Table Schemas of tdwg/camtrap-dp, tag 1.0.2 (MIT). The writer takes the headers from
here and the checker the rules; a test compares all of it with the official schemas.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

VERSION = "1.0.2"
BASE_URL = f"https://raw.githubusercontent.com/tdwg/camtrap-dp/{VERSION}/"
PROFILE_URL = f"{BASE_URL}camtrap-dp-profile.json"

Kind = Literal["string", "number", "integer", "boolean", "datetime", "any"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it holds, whether it must be filled, and between which values it lies."""

    name: str
    kind: Kind = "string"
    required: bool = False
    unique: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ""


def schema_url(table: str) -> str:
    """Where the official schema of a table lies."""
    return f"{BASE_URL}{table}-table-schema.json"


FEATURES = (
    *("roadPaved", "roadDirt", "trailHiking", "trailGame", "roadUnderpass", "roadOverpass"),
    *("roadBridge", "culvert", "burrow", "nestSite", "carcass", "waterSource", "fruitingTree"),
)
CAPTURE_METHODS = ("activityDetection", "timeLapse")
LEVELS = ("media", "event")
TYPES = ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
SAMPLING_DESIGNS = (
    *("simpleRandom", "systematicRandom", "clusteredRandom"),
    *("experimental", "targeted", "opportunistic"),
)
ROLES = ("contact", "principalInvestigator", "rightsHolder", "publisher", "contributor")
RANKS = ("kingdom", "phylum", "class", "order", "family", "genus", "species", "subspecies")
PACKAGE_NAME = re.compile(r"[-a-z0-9._/]+")

FIELDS: dict[str, tuple[Field, ...]] = {
    "deployments": (
        Field("deploymentID", required=True, unique=True),
        Field("locationID"),
        Field("locationName"),
        Field("latitude", "number", required=True, minimum=-90, maximum=90),
        Field("longitude", "number", required=True, minimum=-180, maximum=180),
        Field("coordinateUncertainty", "integer", minimum=1),
        Field("deploymentStart", "datetime", required=True),
        Field("deploymentEnd", "datetime", required=True),
        Field("setupBy"),
        Field("cameraID"),
        Field("cameraModel"),
        Field("cameraDelay", "integer", minimum=0),
        Field("cameraHeight", "number", minimum=0),
        Field("cameraDepth", "number", minimum=0),
        Field("cameraTilt", "integer", minimum=-90, maximum=90),
        Field("cameraHeading", "integer", minimum=0, maximum=360),
        Field("detectionDistance", "number", minimum=0),
        Field("timestampIssues", "boolean"),
        Field("baitUse", "boolean"),
        Field("featureType", choices=FEATURES),
        Field("habitat"),
        Field("deploymentGroups"),
        Field("deploymentTags"),
        Field("deploymentComments"),
    ),
    "media": (
        Field("mediaID", required=True, unique=True),
        Field("deploymentID", required=True),
        Field("captureMethod", choices=CAPTURE_METHODS),
        Field("timestamp", "datetime", required=True),
        Field("filePath", required=True, pattern=r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"),
        Field("filePublic", "boolean", required=True),
        Field("fileName"),
        Field("fileMediatype", required=True, pattern=r"^(image|video|audio)/.*$"),
        Field("exifData", "any"),
        Field("favorite", "boolean"),
        Field("mediaComments"),
    ),
    "observations": (
        Field("observationID", required=True, unique=True),
        Field("deploymentID", required=True),
        Field("mediaID"),
        Field("eventID"),
        Field("eventStart", "datetime", required=True),
        Field("eventEnd", "datetime", required=True),
        Field("observationLevel", required=True, choices=LEVELS),
        Field("observationType", required=True, choices=TYPES),
        Field("cameraSetupType", choices=("setup", "calibration")),
        Field("scientificName"),
        Field("count", "integer", minimum=1),
        Field("lifeStage", choices=("adult", "subadult", "juvenile")),
        Field("sex", choices=("female", "male")),
        Field("behavior"),
        Field("individualID"),
        Field("individualPositionRadius", "number", minimum=0),
        Field("individualPositionAngle", "number", minimum=-90, maximum=90),
        Field("individualSpeed", "number", minimum=0),
        Field("bboxX", "number", minimum=0, maximum=1),
        Field("bboxY", "number", minimum=0, maximum=1),
        Field("bboxWidth", "number", minimum=1e-15, maximum=1),
        Field("bboxHeight", "number", minimum=1e-15, maximum=1),
        Field("classificationMethod", choices=("human", "machine")),
        Field("classifiedBy"),
        Field("classificationTimestamp", "datetime"),
        Field("classificationProbability", "number", minimum=0, maximum=1),
        Field("observationTags"),
        Field("observationComments"),
    ),
}

HEADERS: dict[str, tuple[str, ...]] = {
    table: tuple(field.name for field in fields) for table, fields in FIELDS.items()
}
