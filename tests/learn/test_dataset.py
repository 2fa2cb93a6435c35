"""Manifests, groups, and folds that never split a site."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap.errors import DataError
from camtrap.learn.dataset import Sample, event_of, folds, group_of, read_manifest


def manifest(tmp_path, rows):
    path = tmp_path / "manifest.csv"
    columns = ("file", "split", "label", "site_or_sequence", "source")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def test_rows_of_the_wanted_split_in_their_order(tmp_path):
    path = manifest(
        tmp_path,
        [
            ("b.jpg", "train", "prey", "", "x"),
            ("a.jpg", "train", "leopard", "", "x"),
            ("c.jpg", "public_test", "empty", "", "x"),
        ],
    )
    samples = read_manifest(path, ["train"])
    assert [(s.file, s.label) for s in samples] == [("b.jpg", "prey"), ("a.jpg", "leopard")]
    assert samples[0].path == tmp_path / "b.jpg"


def test_an_unknown_label_is_refused_with_its_line(tmp_path):
    path = manifest(tmp_path, [("b.jpg", "train", "unicorn", "", "x")])
    with pytest.raises(DataError, match="line 2: 'unicorn'"):
        read_manifest(path, ["train"])


def test_an_empty_split_a_missing_column_and_a_missing_file_are_refused(tmp_path):
    path = manifest(tmp_path, [("b.jpg", "train", "prey", "", "x")])
    with pytest.raises(DataError, match="no rows of split other"):
        read_manifest(path, ["other"])
    path.write_text("file,label\na.jpg,prey\n", encoding="utf-8")
    with pytest.raises(DataError, match="lacks the columns split"):
        read_manifest(path, ["train"])
    with pytest.raises(DataError, match="cannot be read"):
        read_manifest(tmp_path / "none.csv", ["train"])


@pytest.mark.parametrize(
    ("source", "site", "group"),
    [
        ("park", "NTLNP bg06 frame1186", "NTLNP bg06"),
        ("cct", "CCT loc10 seq701d7402-5567", "CCT loc10"),
        ("wcs", "iWildCam loc333 302898d0", "iWildCam loc333"),
        ("serengeti", "S1_R10", "serengeti S1_R10"),
        ("guide", "", "a.jpg"),
    ],
)
def test_a_group_is_the_camera_or_the_event(source, site, group):
    assert group_of(source, site, "a.jpg") == group


def samples_of(groups):
    return [
        Sample(path=Path("a.jpg"), file=f"{i}", label=label, group=group, source="", split="train")
        for i, (label, group) in enumerate(groups)
    ]


labelled_groups = st.lists(
    st.tuples(st.sampled_from(["leopard", "prey", "empty"]), st.sampled_from("abcdefghij")),
    min_size=1,
    max_size=80,
)


@given(labelled_groups, st.integers(0, 5))
@settings(deadline=None)
def test_no_group_is_in_two_folds(groups, seed):
    samples = samples_of(groups)
    of_group: dict[str, set[int]] = {}
    for sample, fold in zip(samples, folds(samples, 3, seed), strict=True):
        of_group.setdefault(sample.group, set()).add(fold)
    assert all(len(each) == 1 for each in of_group.values())
    assert folds(samples, 3, seed) == folds(samples, 3, seed)


def test_a_rare_label_is_spread_over_the_folds():
    groups = [("prey", f"p{i}") for i in range(50)] + [("leopard", f"l{i}") for i in range(10)]
    samples = samples_of(groups)
    count = Counter(
        fold for s, fold in zip(samples, folds(samples, 5), strict=True) if s.label == "leopard"
    )
    assert count == dict.fromkeys(range(5), 2)


@pytest.mark.parametrize(
    ("site", "event"),
    [
        ("CCT loc10 seq701d", "CCT loc10 seq701d"),
        ("NTLNP bg06 frame1186", "NTLNP bg06"),
        ("NTLNP bg06 frame1187", "NTLNP bg06"),
        ("CCT loc10", ""),
        ("S1_R10", ""),
        ("", ""),
    ],
)
def test_an_event_is_a_sequence_or_a_background_and_never_a_whole_site(site, event):
    assert event_of(site) == event
