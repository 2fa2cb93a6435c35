"""ONNX Runtime and OpenVINO say what PyTorch says, alone, in threads, and in any order."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from camtrap.engine.local import triage_files
from camtrap.errors import ModelError
from camtrap.records import ImageFile
from camtrap.vision import checkpoint
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.choice import is_installed, opened_backend
from camtrap.vision.backends.selfcheck import TOLERANCE, check_looks, compared, sample_card
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import Predictor, load_predictor

OTHERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(not is_installed(name), reason=f"{name} is not installed")
    )
    for name in ("onnxruntime", "openvino")
]
needs_onnx = pytest.mark.skipif(
    not is_installed("onnxruntime"), reason="onnxruntime is not installed"
)


def pictures(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("part", "shape"),
    [
        ("detector", (1, 96, 160)),
        ("detector", (3, 160, 96)),
        ("backbone", (1, 260, 260)),
        ("backbone", (5, 260, 260)),
    ],
)
def test_networks_give_what_pytorch_gives(name, part, shape):
    info = checkpoint.part(checkpoint.find("amur"), part)
    batch = pictures(*shape)
    expected = opened_backend(Spec("torch")).load(info)(batch)
    found = opened_backend(Spec(name)).load(info)(batch)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("name", OTHERS)
def test_a_network_may_be_asked_from_several_threads(name):
    runner = opened_backend(Spec(name)).load(checkpoint.find("animal-detector"))
    batches = [pictures(1, 96, 96 + 32 * (n % 3), seed=n) for n in range(12)]
    alone = [runner(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(runner, batches))
    for one, other in zip(together, alone, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_verdicts_on_the_sample_card_agree(name):
    looks = check_looks(6)
    reference = load_predictor(backend="torch", device="cpu").judge(looks)
    difference, flips = compared(load_predictor(backend=name).judge(looks), reference)
    assert difference <= TOLERANCE
    assert flips == 0


def card_files(count: int) -> list[ImageFile]:
    card = sample_card()
    assert card is not None
    return [
        ImageFile(card, str(path.relative_to(card)), path.stat().st_size, 0)
        for path in sorted(card.rglob("*.JPG"))[:count]
    ]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor(backend="onnxruntime" if is_installed("onnxruntime") else "torch")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("workers", "batch_size", "turned"), [(1, 1, False), (3, 1, True), (2, 3, False), (2, 4, True)]
)
def test_labels_do_not_depend_on_batches_workers_or_order(predictor, workers, batch_size, turned):
    files = card_files(6)
    alone = {file.path: said for file, said in triage_files(files, predictor, workers=1)}
    order = files[::-1] if turned else files
    for file, said in triage_files(order, predictor, workers=workers, batch_size=batch_size):
        assert said.state == alone[file.path].state
        for label, chance in alone[file.path].probabilities.items():
            assert said.probabilities[label] == pytest.approx(chance, abs=1e-4)


# What is refused


@pytest.fixture
def detector(tmp_path: Path) -> ModelInfo:
    """A copy of the shipped detector that a test may damage."""
    shipped = checkpoint.find("animal-detector")
    return checkpoint.read_info(shutil.copytree(shipped.folder, tmp_path / "детектор"))


@needs_onnx
def test_a_graph_is_found_on_a_path_of_any_script(detector):
    runner = opened_backend(Spec("onnxruntime")).load(detector)
    assert runner(pictures(1, 64, 64))[0].shape == (1, 84, 4)


@needs_onnx
@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors"])
def test_a_changed_file_is_refused(detector, name):
    path = detector.folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="vouches"):
        opened_backend(Spec("onnxruntime")).load(detector)


@needs_onnx
def test_a_graph_that_is_none_is_an_error_that_names_it(detector):
    detector.graph.write_bytes(b"nonsense")
    told = replace(detector, graph_sha256=hashlib.sha256(b"nonsense").hexdigest())
    with pytest.raises(ModelError, match=r"model\.onnx.*--backend torch"):
        opened_backend(Spec("onnxruntime")).load(told)


@needs_onnx
def test_a_model_without_a_graph_tells_how_to_get_one(detector):
    with pytest.raises(ModelError, match="camtrap models --onnx"):
        opened_backend(Spec("onnxruntime")).load(replace(detector, graph_sha256=""))


# A light start


@needs_onnx
def test_onnx_runtime_runs_without_importing_torch():
    code = (
        "import sys\n"
        "import camtrap\n"
        "model = camtrap.load_model(backend='onnxruntime')\n"
        "from camtrap.vision.backends.selfcheck import check_looks\n"
        "print(model.judge(check_looks(1))[0].state.value)\n"
        "heavy = {'torch', 'torchvision', 'timm', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pytorch_runs_without_importing_torchvision():
    code = (
        "import sys\n"
        "import camtrap\n"
        "camtrap.load_model(backend='torch', device='cpu')\n"
        "assert not {'torchvision', 'timm', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
