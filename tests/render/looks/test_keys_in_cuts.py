"""Keys of clips in a cut: which frames of the media they come to. The right values are counted by
hand: a clip of a cut at 25 from frame 30 on shows frame 30 + n at its frame n, at double speed
frame 30 + 2n."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from nle_style.apply import Look, LookKey
from nle_style.errors import LookError
from nle_style.render import Output
from nle_style.render.cut import PlannedBatch, dry_run_batch, plan_batch, run_batch
from nle_style.timeline.looks import ClipLook
from tests.helpers.clips import frame_md5s
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track

CHANGE = "style: 0: red, 8: blue"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("media") / "a.mov", 1, 80, Fraction(25), still=True)


def _shot(media: Path, first: int = 30, count: int = 10, text: str = CHANGE) -> otio.schema.Clip:
    made = clip("a", (first, count), (0, 80), url=media.as_uri(), rate=25)
    if text:
        made.metadata["nle_style"] = text.removeprefix("style: ")
    return made


def _planned(
    folder: Path, pack: Path, *shots: otio.schema.Clip, look: Look | None = None, **output: Any
) -> PlannedBatch:
    cut = folder / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    return plan_batch(cut, look, Output(directory=folder / "out", **output), pack=str(pack))


def _keys(planned: PlannedBatch) -> list[dict[int, str]]:
    """Of each intermediate the style, or the strength, at its keys."""
    job = planned.job
    return [] if job is None else [
        {key.frame: next(iter(key.styles)) if key.styles else f"{key.strength:g}"
         for key in item.look.keys}
        for item in job.items
    ]  # fmt: skip


def test_frames_of_the_cut_are_frames_of_the_media(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Handles do not move them; another clip of the same frames in the same look shares them."""
    shots = _shot(media), _shot(media, 32, 10, "-")
    shots[1].metadata["nle_style"] = {"style": {"0": "red", "6": "blue"}}
    planned = _planned(tmp_path, tiny_pack, shots[0], handles=4)
    assert _keys(planned) == [{30: "red", 38: "blue"}]
    planned = _planned(tmp_path, tiny_pack, *shots)
    assert _keys(planned) == [{30: "red", 38: "blue"}, {32: "red", 38: "blue"}]
    shots[1].metadata["nle_style"] = "0: red, 6: blue"
    shots[0].source_range = shots[1].source_range
    shots[0].metadata["nle_style"] = "6: blue, 0: red"
    assert _keys(_planned(tmp_path, tiny_pack, *shots)) == [{32: "red", 38: "blue"}]


def test_to_the_end_of_each_clip(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    shots = (_shot(media, 30, 10, "style: 0: red, end: blue"),
             _shot(media, 60, 16, "style: 0: red, end: blue"))  # fmt: skip
    planned = _planned(tmp_path, tiny_pack, *shots)
    assert _keys(planned) == [{30: "red", 39: "blue"}, {60: "red", 75: "blue"}]


@pytest.mark.parametrize(
    ("speed", "keys"),
    [(2, {30: "red", 46: "blue"}), (0.5, {30: "red", 34: "blue"})],
)
def test_at_another_speed(
    speed: float, keys: dict[int, str], media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    shot = _shot(media)
    shot.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
    assert _keys(_planned(tmp_path, tiny_pack, shot)) == [keys]


@pytest.mark.parametrize(
    "effect", [otio.schema.FreezeFrame(), otio.schema.LinearTimeWarp(time_scalar=-1)]
)
def test_where_a_retime_leaves_the_place_open_the_clip_is_refused(
    effect: otio.schema.Effect, media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """A freeze has one frame; in reverse editors begin at either end."""
    shot = _shot(media)
    shot.effects.append(effect)
    planned = _planned(tmp_path, tiny_pack, shot, _shot(media, 60, 5, "style: red"))
    (refusal,) = planned.plan.refusals
    assert "does not say at which frames of its media" in refusal.reason
    assert dry_run_batch(planned).exit_code == 3


def test_markers_that_are_keys_after_a_blade(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """The halves of a clip that was cut in two have both markers, and the change runs across."""
    halves = _shot(media, 30, 10, ""), _shot(media, 40, 10, "")
    for half in halves:
        for at, style in ((32, "red"), (48, "blue")):
            time = otio.opentime.RationalTime(at, 25)
            half.markers.append(
                otio.schema.Marker(f"style key: {style}", otio.opentime.TimeRange(time))
            )
    assert _keys(_planned(tmp_path, tiny_pack, *halves)) == [{32: "red", 48: "blue"}]


def test_the_command_lines_look_changes_over_every_clip(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    look = Look({"red": 1}, hold=2, keys=(LookKey(0, None, 0.0), LookKey(4, None, 1.0)))
    shots = _shot(media, 10, 8, ""), _shot(media, 40, 8, "style: blue strength 0.5")
    planned = _planned(tmp_path, tiny_pack, *shots, look=look)
    assert _keys(planned) == [{10: "0", 14: "1"}, {}]
    assert planned.job is not None
    assert [item.look.hold for item in planned.job.items] == [2, 2]
    assert planned.job.items[1].look.strength == 0.5


def test_a_style_that_the_command_line_misspells_is_said_once(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """At any of its keys: not a refusal of every clip."""
    look = Look(keys=(LookKey(0, {"red": 1}), LookKey(4, {"bleu": 1})))
    with pytest.raises(LookError, match="bleu"):
        _planned(tmp_path, tiny_pack, _shot(media, text=""), look=look)


def test_what_is_painted(media: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """A picture that does not move: before the change all frames are alike, after it too."""
    shot = _shot(media, 20, 12, "style: 3: red, 8: blue")
    planned = _planned(tmp_path, tiny_pack, shot, handles=2)
    result = run_batch(planned)
    assert result.exit_code == 0
    (clip_row,) = (row for row in result.report["clips"] if row["status"] == "styled")
    assert clip_row["look"] == "red-to-blue"
    assert "the look changes: red at 23, blue at 28" in clip_row["notes"]
    (movie,) = (tmp_path / "out").glob("*.mov")
    assert movie.name == "a.red-to-blue.mov"
    md5s = frame_md5s(movie)  # frames 18 to 33: the keys are at 23 and 28
    assert [len(set(md5s[:6])), len(set(md5s[5:11])), len(set(md5s[10:]))] == [1, 6, 1]


def test_there_and_back() -> None:
    look = Look({"a": 1}, 0.5, hold=3, keys=(LookKey(3, {"a": 1, "b": 3}), LookKey(9, {"b": 1}, 1)))
    assert ClipLook.of_data(look.as_data()).label == look.label == "b75-a25-to-b"
