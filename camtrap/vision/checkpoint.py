"""Model folders: what `model.json` says, and the files that it vouches for.

A model folder holds `weights.safetensors`, `model.json` and `MODEL_CARD.md`. A `triage` model names
the detector and the backbone that it was trained behind as its parts, each by folder name and
SHA-256, so that the three can never be mixed unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camtrap.errors import ModelError

FORMAT = 1
MODELS_VARIABLE = "CAMTRAP_MODELS"
"""Environment variable naming one more folder in which models are looked for."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model folder says of itself, without loading any weights.

    `kind` is `triage`, `detector` or `backbone`; `rules` holds what the kind needs: input size,
    normalisation, classes, calibration and thresholds. `sha256` is that of `weights.safetensors`,
    `graph_sha256` that of `model.onnx`, where there is one.
    `figures` are those of evaluations, by split; `training` tells how the weights came about.
    """

    folder: Path
    name: str
    kind: str
    network: str
    sha256: str
    version: str = ""
    licence: str = ""
    source: str = ""
    trained_on: str = ""
    graph_sha256: str = ""
    parts: dict[str, dict[str, str]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def weights(self) -> Path:
        return self.folder / "weights.safetensors"

    @property
    def graph(self) -> Path:
        return self.folder / "model.onnx"


def model_folders() -> list[Path]:
    """Where models are looked for: the user's own folder, then those that came with camtrap."""
    package = Path(__file__).resolve().parents[1]
    bundled = package / "_bundled" / "models"
    shipped = bundled if bundled.is_dir() else package.parent / "models"
    own = os.environ.get(MODELS_VARIABLE)
    return [*([Path(own)] if own else []), shipped]


def installed() -> Iterator[ModelInfo]:
    """Every model that can be named, in search order; a folder that cannot be read is an error."""
    for folder in model_folders():
        if folder.is_dir():
            for path in sorted(folder.glob("*/model.json")):
                yield read_info(path.parent)


def find(name: str) -> ModelInfo:
    """The model of that name, or at that path; raises `ModelError` with what to do otherwise."""
    path = Path(name)
    if (path / "model.json").is_file():
        return read_info(path)
    if path.is_dir():
        raise ModelError(
            f"{path} is not a camtrap model: model.json is missing. "
            "List the installed ones with 'camtrap models'."
        )
    for folder in model_folders():
        if (folder / name / "model.json").is_file():
            return read_info(folder / name)
    raise ModelError(f"No model is called '{name}'. List the installed ones with 'camtrap models'.")


def read_info(folder: Path) -> ModelInfo:
    """Read a folder's `model.json`; raises `ModelError` when it is missing, broken or too new."""
    path = folder / "model.json"
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{folder} is not a camtrap model: model.json is missing.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}. Install the model again.") from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise ModelError(
            f"{path} is not in the format that this camtrap knows (format {FORMAT}). "
            "Install a matching version of camtrap or of the model."
        )
    known = {f for f in ModelInfo.__dataclass_fields__ if f != "folder"}
    try:
        return ModelInfo(folder=folder, **{k: v for k, v in said.items() if k in known})
    except TypeError as error:
        raise ModelError(f"{path} is incomplete: {error}. Install the model again.") from error


def write_info(info: ModelInfo) -> None:
    """Write `model.json` beside the weights, in a fixed layout, so that changes read well."""
    said: dict[str, Any] = {"format": FORMAT}
    for name in ModelInfo.__dataclass_fields__:
        value = getattr(info, name)
        if name != "folder" and value not in ("", {}):
            said[name] = value
    text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
    (info.folder / "model.json").write_text(text, encoding="utf-8", newline="\n")


def part(info: ModelInfo, role: str) -> ModelInfo:
    """The model that `info` uses as its `role` (`detector`, `backbone`, `aerial`): a sibling folder
    or an installed one.

    Raises `ModelError` when it is missing or is not the very one that `info` was trained behind.
    """
    wanted = info.parts[role]
    sibling = info.folder.parent / wanted["model"]
    found = read_info(sibling) if (sibling / "model.json").is_file() else find(wanted["model"])
    if found.sha256 != wanted["sha256"]:
        raise ModelError(
            f"Model '{info.name}' was trained with another '{found.name}' than the one in "
            f"{found.folder}. Install both from the same source; or, if you changed it yourself "
            f'and want to use it, write "sha256": "{found.sha256}" for its {role} into '
            f"{info.folder / 'model.json'}, and evaluate it anew."
        )
    return found


def read_weights(info: ModelInfo) -> bytes:
    """The weights' bytes, checked by SHA-256; raises `ModelError` when missing or changed."""
    return _vouched(info.weights, "sha256", info.sha256)


def read_graph(info: ModelInfo) -> bytes:
    """The ONNX graph's bytes, checked as the weights are; it holds no weights of its own."""
    return _vouched(info.graph, "graph_sha256", info.graph_sha256)


def _vouched(path: Path, key: str, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}. Install the model again.") from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != sha256:
        raise ModelError(
            f"{path} is not the file that model.json vouches for (SHA-256 {digest[:12]}…, "
            f"expected {sha256[:12]}…). Install the model again; or, if you changed it yourself "
            f'and want to use it, write "{key}": "{digest}" into {path.parent / "model.json"}.'
        )
    return data
