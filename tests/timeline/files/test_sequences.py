"""Image sequences: how they are named in timelines, and which of their files a clip shows."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.media.base import find_sequence, is_pattern
from nle_style.timeline import ReadTimeline
from nle_style.timeline.files import check_sequence, first_number, source_path
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import (
    Facts,
    clip,
    probe_of,
    read_back,
    time_range,
    timeline,
    track,
)

HOME = Path("/cut")


def external(url: str) -> otio.schema.ExternalReference:
    return otio.schema.ExternalReference(url)


def parts(
    base: str = "shots/", prefix: str = "a.", suffix: str = ".exr", **more: object
) -> otio.schema.ImageSequenceReference:
    given = {"start_frame": 1001, "frame_step": 1, "rate": 24.0, "frame_zero_padding": 4, **more}
    return otio.schema.ImageSequenceReference(base, prefix, suffix, **given)


@pytest.mark.parametrize(
    ("reference", "path", "number"),
    [
        (external("/m/x.[1001-1099].tif"), "/m/x.%04d.tif", 1001),
        (external("/m/x.[0990-1099].tif"), "/m/x.%04d.tif", 990),
        (external("/m/x.[1-99].tif"), "/m/x.%d.tif", 1),
        (external("file:///m/my%20x.%5B1001-1099%5D.tif"), "/m/my x.%04d.tif", 1001),
        (external("shots/x.%04d.exr"), "/cut/shots/x.%04d.exr", None),
        (external("file:///m/a%20b/my%20x.%04d.exr"), "/m/a b/my x.%04d.exr", None),
        (external("file:///m/x.%2504d.exr"), "/m/x.%04d.exr", None),
        (external("/m/x_%d.png"), "/m/x_%d.png", None),
        (external("/m/x.####.dpx"), "/m/x.%04d.dpx", None),
        (external("file:///m/x.%23%23%23.dpx"), "/m/x.%03d.dpx", None),
        (external("shots\\x.[1001-1099].tif"), "/cut/shots/x.%04d.tif", 1001),
        (external("/m/x.mov"), "/m/x.mov", None),
        (parts(), "/cut/shots/a.%04d.exr", 1001),
        (parts("file:///m/a%20b"), "/m/a b/a.%04d.exr", 1001),
        (parts("", frame_zero_padding=0, start_frame=0), "/cut/a.%d.exr", 0),
        (parts("./s"), "/cut/s/a.%04d.exr", 1001),
    ],
)
def test_every_way_to_write_a_sequence_is_one_pattern(
    reference: otio.core.MediaReference, path: str, number: int | None
) -> None:
    assert source_path(reference, HOME) == Path(path)
    assert first_number(reference) == number


def test_the_media_room_reads_the_pattern(tmp_path: Path) -> None:
    for number in range(998, 1003):
        (tmp_path / f"my x.{number:04d}.tif").touch()
    pattern = source_path(external(f"{tmp_path}/my x.[0998-1002].tif"), HOME)
    assert is_pattern(pattern)
    assert (find_sequence(pattern).first, find_sequence(pattern).last) == (998, 1002)


def test_a_file_with_the_odd_name_wins(tmp_path: Path) -> None:
    odd, spaced = tmp_path / "take [1-2].mov", tmp_path / "a dark.mov"
    odd.touch()
    spaced.touch()
    assert source_path(external(str(odd)), HOME) == odd
    # "%20d" is not a number of twenty digits.
    assert source_path(external(spaced.as_uri()), HOME) == spaced


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (parts(frame_step=2), "only every 2. frame"),
        (parts(prefix="a#1."), "signs that stand for numbers"),
        (parts(prefix="sub/a."), "signs that stand for numbers or folders"),
        (parts("https://example.org/"), "only local files are read"),
    ],
)
def test_sequences_that_cannot_be_read_are_refused(
    reference: otio.core.MediaReference, reason: str
) -> None:
    with pytest.raises(TimelineError, match=reason) as caught:
        source_path(reference, HOME)
    assert caught.value.remedy


# Which files a clip shows: zero-based among the files that are there


def planned(shot: otio.schema.Clip, **facts: object) -> Plan:
    given = {"frame_count": 99, "first_file_number": 1001, **facts}
    read = ReadTimeline(timeline(track(shot)), HOME / "cut.otio", HOME)
    return plan_shots(read, probe_of(Facts(**given)))


def sequence_clip(
    source: tuple[int, int] | None, available: tuple[int, int] | None, **more: object
) -> otio.schema.Clip:
    reference = parts(available_range=available and time_range(*available), **more)
    return otio.schema.Clip("s", reference, source and time_range(*source))


@pytest.mark.parametrize(
    ("source", "available", "files", "first"),
    [
        ((86410, 5), (86400, 99), 1001, 10),  # a timecode; 1001 is the first file
        ((10, 5), (0, 99), 1001, 10),
        ((1011, 5), (1001, 99), 1001, 10),  # file numbers as time
        ((1011, 5), (1001, 50), 991, 20),  # ten files before the reference's first
        ((1011, 5), None, 1001, 10),
        ((10, 5), None, 1001, 10),
        (None, (86400, 5), 1001, 0),
        (None, (86400, 5), 996, 5),
    ],
)
def test_files_of_an_image_sequence_reference(
    source: tuple[int, int] | None, available: tuple[int, int] | None, files: int, first: int
) -> None:
    plan = planned(sequence_clip(source, available), first_file_number=files)
    assert [(u.first, u.last) for u in plan.uses] == [(first, first + 4)]
    assert plan.ranges[0].source == Path("/cut/shots/a.%04d.exr")


def test_missing_files_are_noted(  # the reference starts before the first file
) -> None:
    (use,) = planned(sequence_clip((0, 10), (0, 99)), first_file_number=1004).uses
    assert (use.first, use.last) == (0, 6)
    assert use.note.startswith("3 of the 10 frames it needs")


@pytest.mark.parametrize(
    ("url", "source", "available", "files", "first"),
    [
        # Resolve: the range counts from 0 at the number in brackets.
        ("/m/x.[1001-1099].tif", (10, 5), (0, 99), 1001, 10),
        ("/m/x.[1001-1099].tif", (10, 5), (0, 99), 991, 20),
        ("/m/x.%04d.exr", (10, 5), (0, 99), 1001, 10),
        ("/m/x.%04d.exr", (1011, 5), (1001, 99), 1001, 10),
        ("/m/x.%04d.exr", (1011, 5), (1010, 20), 1001, 10),  # numbers of files, not timecode
        ("/m/x.####.exr", (86410, 5), (86400, 99), 1001, 10),
    ],
)
def test_files_of_a_pattern_in_a_path(
    url: str, source: tuple[int, int], available: tuple[int, int], files: int, first: int
) -> None:
    plan = planned(clip("s", source, available, url=url), first_file_number=files)
    assert [(u.first, u.last) for u in plan.uses] == [(first, first + 4)]


@pytest.mark.parametrize(("reference_rate", "rate"), [(25.0, 25), (0.0, 24), (30000 / 1001, None)])
def test_a_sequence_plays_at_the_rate_of_the_timeline(
    reference_rate: float, rate: int | None
) -> None:
    """Its files do not say one; the probe's 30 is a guess."""
    shot = sequence_clip((10, 5), (0, 99), rate=reference_rate)
    plan = planned(shot, rate=Fraction(30))
    assert plan.ranges[0].rate == (rate or Fraction(30000, 1001))
    assert (plan.uses[0].note == "") == (rate == 24)


def test_a_retimed_sequence_and_one_of_a_single_file() -> None:
    shot = sequence_clip((10, 5), (0, 99))
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=2.0))
    assert [(u.first, u.last) for u in planned(shot).uses] == [(9, 19)]
    single = sequence_clip((0, 50), (0, 1))
    assert [(u.first, u.last) for u in planned(single, frame_count=1).uses] == [(0, 0)]


def test_a_sequence_with_a_step_is_refused_by_whoever_finds_its_files(tmp_path: Path) -> None:
    """Every other file would be shown in the place of every one."""
    stepped = otio.schema.ImageSequenceReference(
        target_url_base=tmp_path.as_uri(),
        name_prefix="x.",
        name_suffix=".exr",
        start_frame=1,
        frame_step=2,
        rate=24,
        frame_zero_padding=4,
    )
    with pytest.raises(TimelineError, match=r"only every 2\. frame"):
        check_sequence(stepped)
    made = timeline(track(otio.schema.Clip("x", stepped)))
    plan = plan_shots(
        read_back(made, tmp_path),
        probe_of(Facts(frame_count=10)),
        find=lambda clip, reference: tmp_path / "x.%04d.exr",
    )
    assert [refusal.clip_name for refusal in plan.refusals] == ["x"]
    assert not plan.uses
