"""The doctor's decisions: the bottleneck, the time a card takes, what to change, and the page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from camtrap.engine import doctor_page as page
from camtrap.engine.doctor import (
    Backends,
    Device,
    Diagnosis,
    Listing,
    Offer,
    Rates,
    Speed,
    Stage,
    advice,
    bottleneck,
    command,
    eta,
    memory_needed,
    pictures_a_second,
    rates,
    size_text,
    standing,
    throughput,
)
from camtrap.engine.machine import GpuFacts, Machine, Memory
from camtrap.engine.rates import Fault, Rate
from camtrap.vision.backends.base import Spec
from camtrap.vision.backends.selfcheck import Measured
from tests.cards import listed

TORCH, ONNX, OPENVINO = Spec("torch"), Spec("onnxruntime"), Spec("openvino")
INSTALL = 'pip install "camtrap[onnx]"'
MACHINE = Machine(
    "0.1.0", "3.11.7", "Linux", "a processor", 4, 4, Memory(8 << 30, 16 << 30), 0, "2"
)
BACKENDS = Backends(
    (Offer(TORCH, Measured(TORCH, 0.4)), Offer(ONNX, Measured(ONNX, 0.2, 0.0004))),
    ONNX,
    "the fastest that agrees",
)
SPEED = Speed(
    workers=4,
    is_shared=True,
    reading=Rate(30, 90_000_000, 1.0),
    decoding=Rate(60, 180_000_000, 1.0),
    model=Rate(20, 60_000_000, 1.0),
    is_fresh=True,
)
LISTING = Listing(
    Path("E_card"), 1500, 3_000_000_000, {"a video": 2}, 0, tuple(listed(Path("E_card"), 10))
)
WELL = Diagnosis(MACHINE, Device("cpu", why_no_gpu="None."), "amur 1", BACKENDS, SPEED, LISTING)
SLOW_READER = replace(SPEED, reading=Rate(3, 9_000_000, 1.0))
GPU = Device("cuda", gpu="H100")
UNUSED_CARD = Device("cpu", why_no_gpu="x", facts=GpuFacts(driver=True))


def whole_page(said: Diagnosis) -> str:
    sections = [
        page.machine_lines(said.machine, said.device),
        page.card_lines(said.listing) if said.listing else (),
        page.backend_lines(said.backends, said.model, said.speed.workers),
        page.speed_lines(said),
        page.advice_lines(said),
    ]
    return "\n".join(line for lines in sections for line in lines)


# The bottleneck and the time


@pytest.mark.parametrize(
    ("said", "total", "stage"),
    [
        (Rates(100, 20, 20), 10, Stage.MODEL),  # they share the cores: half of each
        (Rates(100, 10, 40), 8, Stage.DECODING),
        (Rates(7, 10, 40), 7, Stage.READER),
        (Rates(8, 10, 40), 8, Stage.DECODING),  # a faster reader alone would not help
        (Rates(9, 10, 40), 8, Stage.DECODING),  # slower than decoding alone, faster than both
        (Rates(0, 10, 40), 8, Stage.DECODING),  # no card: reading is not known
        (Rates(100, 20, 30, is_shared=False), 20, Stage.DECODING),
        (Rates(100, 40, 30, is_shared=False), 30, Stage.MODEL),
        (Rates(5, 40, 30, is_shared=False), 5, Stage.READER),
        (Rates(100, 0, 30), 0, None),
        (Rates(100, 30, 0), 0, None),
        (Rates(), 0, None),
    ],
)
def test_a_run_waits_for_its_slowest_stage(said, total, stage):
    assert throughput(said) == pytest.approx(total)
    assert bottleneck(said) == stage
    assert eta(80, said) == (pytest.approx(80 / total) if total else None)


def test_reading_is_reckoned_by_the_cards_mean_picture():
    # The sample's pictures are of 3 MB, those of the card of 2 MB.
    assert rates(SPEED, LISTING).reading == pytest.approx(45)
    assert rates(SPEED, None).reading == 0
    assert rates(SPEED, replace(LISTING, pictures=0, size=0)).reading == 0


# Backends


@pytest.mark.parametrize(
    ("offer", "rate"),
    [
        (Offer(ONNX, Measured(ONNX, 0.2)), 20),
        (Offer(Spec("torch", "fp16", "cuda"), Measured(TORCH, 0.02)), 50),
        (Offer(ONNX, Measured(ONNX, problem="no")), 0),
        (Offer(ONNX, install=INSTALL), 0),
    ],
)
def test_on_a_cpu_all_cores_count_and_on_a_gpu_one(offer, rate):
    assert pictures_a_second(offer, 4) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        (Offer(ONNX, Measured(ONNX, 0.2, 0.0004)), "differs by 0.0004 at most"),
        (Offer(ONNX, Measured(ONNX, 0.2, 0.17)), "not used: it differs by 0.170; 0.01 is"),
        (Offer(ONNX, Measured(ONNX, 0.2, 0.17, 2)), "not used: a label changes, and it"),
        (Offer(ONNX, Measured(ONNX, problem="illegal instruction")), "not used: illegal instr"),
        (Offer(ONNX, install=INSTALL), f"not installed: {INSTALL}"),
        (Offer(ONNX), "not measured"),
    ],
)
def test_of_every_backend_it_is_told_why_it_is_used_or_not(offer, told):
    assert told in standing(offer)


def test_the_reference_is_named():
    assert standing(Offer(TORCH, Measured(TORCH, 0.4)), is_reference=True) == "the reference"


# What to change


def test_where_all_is_well_nothing_is_to_be_changed():
    assert advice(WELL) == []
    assert "Nothing has to be changed." in whole_page(WELL)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"speed": SLOW_READER}, "USB 3 reader"),
        ({"speed": SLOW_READER}, "copy the card to the disk first (about 6 min)"),
        ({"speed": replace(SPEED, faults=(Fault("a", "b"),))}, "Do not erase"),
        ({"listing": replace(LISTING, unlisted=1)}, "try another reader"),
        ({"backends": replace(BACKENDS, offers=(Offer(ONNX, install=INSTALL),))}, INSTALL),
        ({"backends": replace(BACKENDS, chosen=None, problem="x")}, "--backend onnxruntime"),
        ({"device": UNUSED_CARD}, "Get the NVIDIA card to work"),
        ({"device": Device("cpu", facts=GpuFacts(cuda_there=True))}, "--device cuda"),
        ({"device": Device("cpu", facts=GpuFacts(mps_there=True))}, "--device mps"),
        (
            {"device": GPU, "speed": replace(SPEED, is_shared=False, model=Rate(900, 9, 1))},
            "USB 3 reader",
        ),
        (
            {
                "device": GPU,
                "listing": None,
                "speed": replace(SPEED, is_shared=False, model=Rate(900, 9, 1)),
            },
            "--decoder gpu",
        ),
        ({"machine": replace(MACHINE, usable_cores=2)}, "--workers 2"),
        ({"speed": replace(SPEED, workers=1)}, "leave 'workers' out"),
        ({"machine": replace(MACHINE, memory=Memory(3 * 10**8, 10**9))}, "say --workers 2"),
        ({"machine": replace(MACHINE, load=3.0)}, "close them"),
    ],
)
def test_what_holds_a_run_up_is_told_with_what_to_do(change, told):
    assert told in " ".join(advice(replace(WELL, **change)))


@pytest.mark.parametrize(
    "change",
    [
        {"machine": replace(MACHINE, memory=None, load=None)},
        {"listing": None},
        {"device": GPU, "speed": replace(SPEED, is_shared=False, decoding=Rate(900, 9, 1))},
    ],
)
def test_what_is_not_known_or_not_amiss_gives_no_advice(change):
    assert advice(replace(WELL, **change)) == []


def test_a_faster_model_is_not_advised_where_the_reader_is_slow():
    missing = replace(BACKENDS, offers=(Offer(ONNX, install=INSTALL),))
    assert INSTALL not in " ".join(advice(replace(WELL, speed=SLOW_READER, backends=missing)))


def test_pytorch_and_more_workers_need_more_memory():
    assert memory_needed(4, ONNX) > memory_needed(2, ONNX)
    assert memory_needed(2, TORCH) > memory_needed(2, ONNX)


def test_the_command_to_run_names_the_card_and_what_was_asked_for():
    assert command(WELL) == ["camtrap", "run", "E_card"]
    assert command(replace(WELL, asked={"device": "cpu"}))[3:] == ["--device", "cpu"]
    assert command(replace(WELL, listing=None)) == []
    assert command(replace(WELL, listing=replace(LISTING, pictures=0))) == []


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 MB"), (999_400_000, "999 MB"), (999_600_000, "1.0 GB"), (31_240_000_000, "31.2 GB")],
)
def test_sizes_are_said_as_on_the_label_of_a_card(size, text):
    assert size_text(size) == text


# The page


def test_the_page_says_it_all():
    text = whole_page(WELL)
    for told in (
        "a processor, 4 cores",
        "8.6 GB free of 17.2 GB",
        "why no GPU      None.",
        "* ONNX Runtime fp32     20.0 pictures/s  agrees",
        "1,500, 3.0 GB in all",
        "2: a video",
        "  45.0 pictures/s, 90 MB/s",
        "15.0 pictures/s; decoding and model take turns",
        "bottleneck      the model",
        "whole card      about 2 min",
        "camtrap run E_card",
    ):
        assert told in text
    assert max(map(len, text.splitlines())) <= 100


def test_an_empty_card_is_told_and_promises_no_time():
    empty = replace(LISTING, pictures=0, size=0, sample=())
    text = whole_page(replace(WELL, listing=empty))
    assert "There are no pictures on this card" in text
    assert "Speed on the sample card" in text
    assert "whole card" not in text


def test_where_the_model_does_not_run_the_rest_is_told():
    broken = replace(WELL, speed=replace(SPEED, model=Rate(0, 0, 0.0)), problem="no weights")
    text = whole_page(broken)
    assert "60.0 pictures/s" in text
    assert "no weights" in text
    assert "cannot be told" in text


def test_a_sample_of_which_nothing_can_be_read_is_told():
    nothing = Rate(0, 0, 0.0)
    faults = tuple(Fault(f"{n}.JPG", "worn out") for n in range(10))
    speed = replace(SPEED, reading=nothing, decoding=nothing, model=nothing, faults=faults)
    text = whole_page(replace(WELL, speed=speed))
    assert "nothing could be read" in text
    assert "10 of them cannot be used" in text
    assert "4.JPG: worn out" in text
    assert "and 5 more" in text
    assert "Do not erase" in text


@pytest.mark.parametrize(
    ("is_fresh", "size", "told"),
    [
        (False, 90_000_000, "the card may be slower"),
        (True, 9_000_000, "rough, from so few bytes"),
        (True, 90_000_000, "90 MB/s decoding"),
    ],
)
def test_how_far_the_speed_of_a_card_can_be_trusted_is_told(is_fresh, size, told):
    speed = replace(SPEED, is_fresh=is_fresh, reading=Rate(30, size, size / 90e6))
    assert told in " ".join(whole_page(replace(WELL, speed=speed)).split())


def test_json_holds_the_same_facts():
    said = json.loads(json.dumps(page.as_dict(WELL)))
    assert said["machine"]["memory_free_bytes"] == 8 << 30
    assert said["device"] == {"name": "cpu", "gpu": None, "why_no_gpu": "None."}
    assert said["backends"]["chosen"] == "ONNX Runtime fp32 on cpu"
    assert [each["pictures_per_second"] for each in said["backends"]["offers"]] == [10, 20]
    assert said["card"]["pictures"] == 1500
    assert said["card"]["seconds"] == 100
    assert said["speed"]["bottleneck"] == "model"
    assert said["speed"]["pictures_per_second"] == 15
    assert said["command"] == ["camtrap", "run", "E_card"]


def test_json_has_null_for_what_is_not_known():
    unknown = replace(WELL, listing=None, machine=replace(MACHINE, memory=None))
    unknown = replace(unknown, speed=replace(SPEED, model=Rate(0, 0, 0.0)))
    said = page.as_dict(unknown)
    assert said["card"] is None
    assert said["machine"]["memory_free_bytes"] is None
    assert said["speed"]["model"] is None
    assert said["speed"]["reading"] is None
    assert said["speed"]["bottleneck"] is None
