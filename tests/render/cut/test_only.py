"""`--only`, on a whole cut: what is painted, and what the relinked timelines show of the rest."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.errors import InputError
from nle_style.render import Output
from nle_style.render.cut import BatchOptions, PlannedBatch, plan_batch, run_batch
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track

LOOK = Look({"red": 1.0}, 0.0)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """At 25, from 01:00:00:00: one for ten frames, two for ten, one again for ten."""
    folder = tmp_path_factory.mktemp("cut")
    media = make_clip(folder / "a.mov", 1, 40, Fraction(25), still=True).as_uri()
    shots = [
        clip(name, (first, 10), (0, 40), url=media, rate=25)
        for name, first in (("one", 0), ("two", 15), ("one", 30))
    ]
    made = timeline(track(*shots))
    made.global_start_time = otio.opentime.RationalTime(90000, 25)
    otio.adapters.write_to_file(made, str(folder / "cut.otio"))
    return folder / "cut.otio"


def _planned(cut: Path, pack: Path, folder: Path, *only: str) -> PlannedBatch:
    output, options = Output(directory=folder), BatchOptions(only=only)
    return plan_batch(cut, LOOK, output, options=options, pack=str(pack))


@pytest.mark.parametrize(
    ("only", "ranges"),
    [
        ((), [(0, 9), (15, 24), (30, 39)]),
        (("one",), [(0, 9), (30, 39)]),
        (("01:00:00:12-01:00:00:20",), [(15, 24)]),
        (("one", "01:00:00:00-01:00:00:20"), [(0, 9)]),
    ],
)
def test_the_frames_of_the_chosen_clips_are_painted(
    only: tuple[str, ...],
    ranges: list[tuple[int, int]],
    cut: Path,
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    plan = _planned(cut, tiny_pack, tmp_path, *only).plan
    assert [(each.first, each.last) for each in plan.ranges] == ranges
    assert [clip.reason for clip in plan.skipped] == ["not chosen"] * (3 - len(ranges))


def test_the_others_stay_as_they_are(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    result = run_batch(_planned(cut, tiny_pack, tmp_path, "two"))
    assert result.exit_code == 0
    relinked = otio.adapters.read_from_file(str(tmp_path / "cut.red.baked.otio"))
    shown = [Path(c.media_reference.target_url).name for c in relinked.find_clips()]
    assert shown == ["a.mov", "a.red.mov", "a.mov"]
    assert "2 left as they are" in result.report["summary"]


def test_when_it_means_none(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clip is meant by --only") as caught:
        _planned(cut, tiny_pack, tmp_path, "three")
    assert "'one' on V1, 'two' on V1" in caught.value.remedy
