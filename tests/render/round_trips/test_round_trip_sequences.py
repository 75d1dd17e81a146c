"""Image sequences at strength 0, as sources and as intermediates: melt before and after.

melt decodes the EXR files itself, one producer a file.
"""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline.needs import plan_shots
from nle_style.timeline.relink import Rendered, SequenceName, relink
from tests.helpers.players.mlt import need_melt, play, stamps_of
from tests.helpers.stamps import Stamp, make_sequence
from tests.render.round_trips.round_trip import (
    RATES,
    Shots,
    melt,
    retimed,
    same_after_batch,
)
from tests.timeline.building import Facts, gap, read_back, time_range, timeline, track

FIRST, COUNT = 1001, 30


def _clip(
    folder: Path, first: int, count: int, rate: Fraction, *, start: int = 0
) -> otio.schema.Clip:
    """Frames of the sequence `fire x.1001.exr` to `fire x.1030.exr` in a folder.

    Args:
        start: source time of the first file.
    """
    reference = otio.schema.ImageSequenceReference(
        target_url_base=f"{folder.as_uri()}/",
        name_prefix="fire x.",
        name_suffix=".exr",
        start_frame=FIRST,
        frame_step=1,
        rate=float(rate),
        frame_zero_padding=4,
        available_range=time_range(start, COUNT, float(rate)),
    )
    return otio.schema.Clip("fire", reference, time_range(start + first, count, float(rate)))


def _as_resolve_writes(folder: Path, first: int, count: int, rate: Fraction) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(
        f"{folder}/fire x.[{FIRST}-{FIRST + COUNT - 1}].exr",
        available_range=time_range(0, COUNT, float(rate)),
    )
    return otio.schema.Clip("fire", reference, time_range(first, count, float(rate)))


def _stamps(*frames: int) -> list[Stamp]:
    return [(9, frame) for frame in frames]


def _cut(folder: Path, rate: Fraction) -> otio.schema.Timeline:
    """A sequence with a timecode, retimed, and the same as Resolve names it."""
    hour = 3600 * round(rate)
    return timeline(
        track(
            _clip(folder, 4, 5, rate, start=hour),
            gap(2, float(rate)),
            retimed(_clip(folder, 10, 4, rate, start=hour), 2.0),
            retimed(_clip(folder, 20, 4, rate), -1.0),
            retimed(_clip(folder, 15, 3, rate), 0.0),
            _as_resolve_writes(folder, 27, 3, rate),
        )
    )


_SHOWN = [
    *_stamps(4, 5, 6, 7, 8), None, None, *_stamps(10, 12, 14, 16, 23, 22, 21, 20, 15, 15, 15),
    *_stamps(27, 28, 29),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_sequences_become_movies_at_the_rate_of_the_timeline(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    """The files state 30 frames a second, which no cut of these plays."""
    need_melt()
    folder = tmp_path / "renders"
    make_sequence(folder, "fire x", 9, COUNT, FIRST, Fraction(30))
    output = {"format": "png-mov", "depth": "16"}
    (shown,) = same_after_batch(_cut(folder, rate), tiny_pack, tmp_path, melt(rate), **output)
    assert stamps_of(shown) == _SHOWN


@pytest.mark.slow
def test_relinked_sequences_play_the_same(tmp_path: Path) -> None:
    """EXR in, EXR out: the timeline room alone, with copies of the planned files as renders."""
    need_melt()
    rate = Fraction(24000, 1001)
    folder = tmp_path / "renders"
    pattern = make_sequence(folder, "fire x", 9, COUNT, FIRST)
    read = read_back(_cut(folder, rate), tmp_path)
    plan = plan_shots(read, lambda path: Facts(Fraction(24), COUNT, 0, FIRST), handles=1)
    rendered = []
    for number, wanted in enumerate(plan.ranges):
        assert wanted.source == pattern
        out = tmp_path / "out" / f"fire.{number}"
        out.mkdir(parents=True)
        for frame in range(wanted.first, wanted.last + 1):
            source = folder / f"fire x.{FIRST + frame}.exr"
            shutil.copy(source, out / f"fire.{number}.{FIRST + frame:06d}.exr")
        name = SequenceName(out, f"fire.{number}.", ".exr", FIRST + wanted.first, 6)
        rendered.append(Rendered(pattern, wanted.first, wanted.last, out, rate, sequence=name))
    before = play(read.timeline, rate, tmp_path)
    assert stamps_of(before) == _SHOWN
    for made in relink(read, plan, rendered, suffix="blue"):
        (tmp_path / made.name).mkdir()
        after = play(made, rate, tmp_path / made.name)
        assert stamps_of(after) == _SHOWN
        assert all((x == y).all() for x, y in zip(before, after, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["exr", "dpx"])
def test_movies_become_sequences(format: str, tiny_pack: Path, tmp_path: Path) -> None:
    need_melt()
    rate = Fraction(25)
    shots = Shots(tmp_path, rate)
    made = timeline(track(shots.a(5, 4), gap(2, 25), retimed(shots.b(9, 4), 2.0)))
    (shown,) = same_after_batch(made, tiny_pack, tmp_path, melt(rate), format=format)
    a, b = [(1, n) for n in range(5, 9)], [(2, n) for n in (9, 11, 13, 15)]
    assert stamps_of(shown) == [*a, None, None, *b]


@pytest.mark.slow
def test_sequences_become_sequences(tiny_pack: Path, tmp_path: Path) -> None:
    need_melt()
    rate = Fraction(24)
    folder = tmp_path / "renders"
    make_sequence(folder, "fire x", 9, COUNT, FIRST)
    (shown,) = same_after_batch(_cut(folder, rate), tiny_pack, tmp_path, melt(rate))
    assert stamps_of(shown) == _SHOWN
