"""The benchmark's own pure parts: what its tables say follows from what was measured."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from cards import (  # noqa: E402
    LEAST_PIXELS,
    SAMPLE_CARD,
    Kind,
    make_card,
    natural_texture,
    own_card,
    sample_frames,
)
from comparison import (  # noqa: E402
    Measure,
    Sample,
    added,
    agreement,
    cold_report,
    counted,
    middle,
    processor,
    ratio,
    ratios,
    report,
)

TINY = Kind("tiny", 64, 48)


def measure(card: str, *samples: tuple[float, float], labels: tuple[str, ...] = ()) -> Measure:
    found = Measure(memory=[100.0])
    for wall, cpu in samples:
        found.add(card, 1, {"wall": wall, "cpu": cpu, "foreign": 0.5, "labels": list(labels)})
    return found


def test_a_pass_is_told_by_picture() -> None:
    found = Measure()
    found.add("a", 4, {"wall": 2.0, "cpu": 3.0, "foreign": 0.1, "labels": ["empty"] * 4})
    assert found.samples["a"] == [Sample(0.5, 0.75)]
    assert found.labels["a"] == ["empty"] * 4


def test_the_median_is_taken_of_each_column_alone() -> None:
    assert middle([Sample(1, 9), Sample(3, 2), Sample(2, 5)]) == Sample(2, 5)


def test_a_ratio_compares_what_had_its_turn_in_the_same_repeat() -> None:
    slow, fast = [Sample(2, 2), Sample(20, 4), Sample(2, 6)], [Sample(1, 1), Sample(10, 1)]
    fast.append(Sample(1, 2))
    assert ratio(slow, fast) == Sample(2, 3)


def test_sums_are_made_repeat_by_repeat() -> None:
    assert added([Sample(1, 2), Sample(3, 4)], [Sample(10, 20), Sample(30, 40)]) == [
        Sample(11, 22),
        Sample(33, 44),
    ]


@pytest.mark.parametrize("labels, share", [(["a", "b"], 1.0), (["a", "c"], 0.5), (["c", "c"], 0.0)])
def test_agreement_is_a_share_of_pictures(labels: list[str], share: float) -> None:
    assert agreement(labels, ["a", "b"]) == share


def test_labels_are_counted_most_frequent_first() -> None:
    assert counted(["empty", "leopard", "empty"]) == "2 empty, 1 leopard"


@pytest.mark.parametrize(
    "told, said",
    [
        ("model name\t: X1\nflags\t\t: sse avx512f avx512_bf16\n", "X1 (avx512f, avx512_bf16)"),
        ("model name : X1\nflags : sse avx2\n", "X1 (no AVX-512)"),
        ("", "unknown processor (no AVX-512)"),
    ],
)
def test_a_processor_is_named_with_what_reduced_precision_needs(told: str, said: str) -> None:
    assert processor(told) == said


def test_each_side_is_set_against_ours_on_the_same_card() -> None:
    measures = {
        "ours, torch:bf16": measure("12 MP", (0.1, 0.2)),
        "naive, same model": measure("12 MP", (0.4, 0.6)),
        "MegaDetector v5a, bf16": measure("12 MP", (4.0, 8.0)),
        "ours, decoding alone": measure("12 MP", (0.02, 0.04)),
        "ours, networks alone, torch:bf16": measure("12 MP", (0.07, 0.14)),
    }
    told = {row[""]: (row["wall"], row["CPU"]) for row in ratios(measures, ["12 MP", "2 MP"])}
    assert told["naive, same model / ours torch:bf16, 12 MP"] == ("4.00", "3.00")
    assert told["MegaDetector v5a bf16 / ours torch:bf16, 12 MP"] == ("40.00", "40.00")
    assert told["(decoding + networks alone) / ours torch:bf16, 12 MP"] == ("0.90", "0.90")
    assert told["pictures a second, ours torch:bf16, 12 MP"][0] == "10.0"
    assert not any("2 MP" in title.replace("12 MP", "") for title in told)


def test_a_side_that_saw_fewer_cards_has_dashes(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 1000)
    both = measure("12 MP", (0.1, 0.2), labels=("empty",))
    both.add("2 MP", 1, {"wall": 0.1, "cpu": 0.1, "foreign": 0.0, "labels": ["prey"]})
    naive = measure("12 MP", (0.3, 0.4), labels=("leopard",))
    text = report(
        {"12 MP": [path], "2 MP": [path]},
        {"ours, torch:fp32": both, "naive, same model": naive},
        repeats=1,
    )
    assert "| naive, same model | 300 / 400 | - | 100 |" in text
    assert "| naive, same model | 0.00 | - |" in text
    assert "| what the reference says | 1 empty | 1 prey |" in text
    assert "detectors were not measured" in text


def test_starts_are_told_by_their_median() -> None:
    assert "| help | 0.20 | 0.10 | 0.90 |" in cold_report({"help": [0.9, 0.1, 0.2]})


def test_a_quarter_of_a_card_shows_animals_and_no_two_files_are_alike(tmp_path: Path) -> None:
    make_card(tmp_path / "one", TINY, 8)
    make_card(tmp_path / "again", TINY, 8)
    files = [path.read_bytes() for path in sorted((tmp_path / "one").iterdir())]
    assert len(set(files)) == 8
    assert files == [path.read_bytes() for path in sorted((tmp_path / "again").iterdir())]
    first = np.asarray(Image.open(io.BytesIO(files[0])))
    assert first.shape == (48, 64, 3) and first.std() > 10


def test_animals_come_one_species_after_the_other() -> None:
    animals, empties = sample_frames(SAMPLE_CARD)
    assert len(set(animals)) == len(animals) and not set(animals) & set(empties)
    assert animals[0].parent == animals[1].parent and animals[1] != animals[0]
    assert all(path.is_file() for path in (*animals, *empties))


def test_texture_has_fine_detail_that_falls_with_frequency() -> None:
    texture = natural_texture(np.random.default_rng(1), 256, 128)
    assert texture.shape == (128, 256)
    assert abs(texture.mean()) < 0.01 and abs(texture.std() - 1) < 0.01
    power = np.abs(np.fft.rfft(texture, axis=1)).mean(axis=0)
    assert power[105:110].mean() > power[123:128].mean()


def test_small_and_broken_pictures_of_a_persons_card_are_left_out(tmp_path: Path) -> None:
    width = 2000
    for name, size in (("a", (width, LEAST_PIXELS // width)), ("b", (640, 480))):
        Image.new("RGB", size, (90, 120, 60)).save(tmp_path / f"{name}.jpg")
    (tmp_path / "c.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:-500])
    assert [file.relative_path for file in own_card(tmp_path, 5)] == ["a.jpg"]
