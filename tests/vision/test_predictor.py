"""Loading models onto devices, and what a predictor does with batches."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from camtrap.config import Settings
from camtrap.engine.looking import decoder_of
from camtrap.errors import ConfigError, ModelError, UnreadablePicture
from camtrap.pixels import gpu
from camtrap.pixels.decode import decode_frame
from camtrap.pixels.limits import Limits
from camtrap.pixels.tiles import plan_tiles
from camtrap.vision import predictor as module
from camtrap.vision.backends import choice
from camtrap.vision.backends.base import Spec
from camtrap.vision.checkpoint import ModelInfo
from camtrap.vision.predictor import AERIAL, Look, Predictor, load_predictor, load_predictors
from tests.cards import FakePredictor, encoded, textured


class FakeBackend:
    """A backend of any device whose networks see one animal in the middle of everything: of such a
    score, and so many times smaller than the picture."""

    def __init__(
        self, spec: Spec, batch_size: int = 4, *, score: float = 0.9, smaller: int = 4
    ) -> None:
        self.spec = spec
        self.batch_size = batch_size
        self.score = score
        self.smaller = smaller
        self.shapes: list[tuple[int, ...]] = []

    def load(self, info: ModelInfo):
        def run(pictures):
            self.shapes.append(pictures.shape)
            count, height, width, _ = pictures.shape
            if info.kind == "detector":
                box = [width / 2, height / 2, width / self.smaller, height / self.smaller]
                scores = np.full((count, 1), self.score, np.float32)
                return np.full((count, 1, 4), box, np.float32), scores
            return np.ones((count, 1280), np.float32), np.zeros((count, 1000), np.float32)

        return run


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[Spec]:
    """Two GPUs that are not there; gives what was opened on them."""
    opened: list[Spec] = []

    def open_backend(spec: Spec) -> FakeBackend:
        opened.append(spec)
        return FakeBackend(spec)

    monkeypatch.setattr(choice, "opened_backend", open_backend)
    monkeypatch.setattr(choice, "resolved_device", lambda device: device)
    return opened


def test_every_gpu_of_a_list_gets_a_model_of_its_own(gpus):
    found = load_predictors(device="cuda:0, cuda:1", backend="torch:fp16")
    assert [each.backend for each in found] == gpus
    assert gpus == [Spec("torch", "fp16", "cuda:0"), Spec("torch", "fp16", "cuda:1")]


def test_all_gpus_run_what_was_chosen_for_the_first(gpus, monkeypatch):
    real = choice.chosen

    def chosen(info, *, backend, device):
        if backend == "auto":
            return Spec("torch", "bf16", device)
        return real(info, backend=backend, device=device)

    monkeypatch.setattr(choice, "chosen", chosen)
    load_predictors(device="cuda:0,cuda:1")
    assert [spec.precision for spec in gpus] == ["bf16", "bf16"]


def looks(*sizes: tuple[int, int]) -> list[Look]:
    data = [encoded(textured(*size, seed=n)) for n, size in enumerate(sizes)]
    return [Look(each, decode_frame(each, 640)) for each in data]


def test_pictures_of_a_batch_go_through_each_network_together(gpus):
    backend = FakeBackend(Spec("torch", "fp16", "cuda"))
    model = Predictor(load_predictor(backend="torch").info, backend, thresholds())
    verdicts = model.judge(looks((800, 600), (800, 600), (800, 600)))
    assert len(verdicts) == 3
    assert backend.shapes == [(3, 384, 512, 3), (3, 260, 260, 3)]


def test_only_what_may_well_be_an_animal_is_worth_a_second_decode(gpus):
    info = load_predictor(backend="torch").info
    frame = decode_frame(encoded(textured(4000, 3000), quality=70), 512)
    gone = Look(b"", frame)  # without the file's bytes, nothing can be decoded once more

    def judged(score: float) -> None:
        backend = FakeBackend(Spec("torch", "fp16", "cuda"), score=score, smaller=16)
        Predictor(info, backend, thresholds()).judge([gone])

    judged(info.rules["sharp_from"] - 0.01)
    with pytest.raises(UnreadablePicture, match="empty"):
        judged(info.rules["sharp_from"] + 0.01)


def test_shapes_in_a_batch_may_differ(gpus):
    backend = FakeBackend(Spec("torch", "fp16", "cuda"))
    model = Predictor(load_predictor(backend="torch").info, backend, thresholds())
    pictures = looks((800, 600), (600, 800), (800, 600))
    for said, picture in zip(model.judge(pictures), pictures, strict=True):
        [alone] = model.judge([picture])
        assert said.detections[0].box == alone.detections[0].box
        assert said.probabilities == pytest.approx(alone.probabilities, abs=1e-6)


def thresholds():
    return load_predictor(backend="torch").thresholds


# From above


def with_aerial(bias: float) -> Predictor:
    info = load_predictor(backend="torch").info
    rules = {
        "proposals": {"sides": [640], "min_score": 0.1, "max_overlap": 0.5, "max_count": 4},
        "calibration": {"detector": 0.0, "classifier": 0.0, "bias": bias, "temperature": 1.0},
    }
    own = replace(
        info,
        parts={**info.parts, AERIAL: info.parts["detector"]},
        rules={**info.rules, AERIAL: rules},
    )
    return Predictor(own, FakeBackend(Spec("torch", "fp16", "cuda")), thresholds())


def tiled(size: tuple[int, int]) -> Look:
    [plain] = looks(size)
    return replace(plain, tiles=plan_tiles(*size, scales=(1.0,)))


def test_tiles_are_judged_by_the_detector_and_rule_of_pictures_from_above(gpus):
    model = with_aerial(bias=-9.0)
    plain, above = model.judge([*looks((800, 600)), tiled((800, 600))])
    assert above.state == "empty"
    assert above.probabilities["empty"] == pytest.approx(1 / (1 + math.exp(-9)), abs=1e-6)
    assert plain.probabilities["empty"] != above.probabilities["empty"]


def test_tiles_are_looked_at_with_the_rules_of_their_own(gpus):
    model = with_aerial(bias=9.0)
    [verdict] = model.judge([tiled((1200, 600))])
    assert verdict.state != "empty"
    assert model.from_above.backend is model.backend
    assert isinstance(model._backend, FakeBackend)
    assert {max(shape[1:3]) for shape in model._backend.shapes} == {640, 260}


def test_the_detector_from_above_is_loaded_once_and_only_when_needed(gpus):
    model = with_aerial(bias=0.0)
    model.judge(looks((800, 600)))
    assert model._from_above is None
    assert model.from_above is model.from_above


def test_a_model_without_one_judges_tiles_as_it_judges_pictures(gpus):
    shipped = load_predictor(backend="torch").info
    model = Predictor(
        replace(shipped, parts={role: shipped.parts[role] for role in ("detector", "backbone")}),
        FakeBackend(Spec("torch", "fp16", "cuda")),
        thresholds(),
    )
    assert model.from_above is model


# What decodes


def test_the_processor_decodes_unless_told_otherwise(predictor: FakePredictor):
    assert decoder_of(Settings(), predictor) is decode_frame


def test_the_gpu_that_judges_decodes_too(predictor: FakePredictor, monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(gpu, "gpu_decoder", lambda device, limits: asked.append(device))
    predictor.backend = Spec("torch", "fp16", "cuda:1")
    for given in (predictor, [predictor, FakePredictor()]):
        decoder_of(Settings(decoder="gpu"), given)
    assert asked == ["cuda:1", "cuda:1"]


@pytest.mark.parametrize("decoder", ["cpu", "gpu"])
def test_whatever_decodes_keeps_to_the_limits_of_the_settings(
    predictor: FakePredictor, monkeypatch, decoder: str
):
    monkeypatch.setattr(
        gpu, "gpu_decoder", lambda device, limits: partial(decode_frame, limits=limits)
    )
    decode = decoder_of(Settings(decoder=decoder, pixel_limit=1.0, metadata_limit=2.5), predictor)
    assert decode(encoded(textured(1000, 1000)), 32).limits == Limits(1_000_000, 2_500_000)
    with pytest.raises(UnreadablePicture, match="limit of 1 megapixels"):
        decode(encoded(textured(1001, 1000)), 32)


def test_a_decoder_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="one of cpu, gpu"):
        Settings(decoder="tpu")


def test_an_unknown_threshold_is_refused(gpus):
    with pytest.raises(ModelError, match="Unknown threshold"):
        load_predictor(backend="torch", thresholds={"tiger": 0.5})


def test_a_part_alone_is_no_model(gpus):
    with pytest.raises(ModelError, match="not a triage model"):
        module.load_predictor("animal-detector", backend="torch")
