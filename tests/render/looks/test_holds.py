"""Paintings that are shown for several frames, and looks that change: what is in each file.

A flat grey frame has a painting that depends on its grey alone, so that each frame of the sources
here, which has a grey of its own, says whose painting it shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nle_style.errors import Cancelled
from nle_style.render import Item, LookJob, MatteJob, Output, RenderJob, events
from nle_style.render.farm import FarmRun, make_farm_job
from nle_style.render.item import JobResult, run_job
from tests.helpers.clips import frame_md5s, make_clip, make_two_scenes

SIZE = (32, 48)


@pytest.fixture
def sequence(tmp_path: Path) -> Path:
    """Eleven frames, 1001-1011, each of noise of its own."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(11):
        pixels = np.random.default_rng(number).integers(0, 256, (*SIZE, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"s.{1001 + number:06d}.png")
    return folder / "s.%06d.png"


def _job(pack: Path, source: Path, folder: Path, format: str = "auto", **look: Any) -> RenderJob:
    controls = {"styles": {"red": 1.0}, "statistics": "frame", **look}
    frames = controls.pop("frames", None)
    matte = controls.pop("matte", None)
    item = Item(
        source=source, frames=frames, look=LookJob.model_validate(controls),
        matte=None if matte is None else MatteJob(source=matte), name="out",
    )  # fmt: skip
    return RenderJob(items=(item,), output=Output(directory=folder, format=format), pack=str(pack))


def _pictures(job: RenderJob) -> list[np.ndarray]:
    (result,) = run_job(job).items
    assert result.plan is not None
    files = sorted(result.plan.destination.glob("*.png"))
    return [np.asarray(Image.open(file)) for file in files]


def _same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    assert len(one) == len(other)
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        assert np.array_equal(a, b), f"frame {number}"


def test_on_twos_every_second_painting_is_shown_twice(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    ones = _pictures(_job(tiny_pack, sequence, tmp_path / "1"))
    twos = _pictures(_job(tiny_pack, sequence, tmp_path / "2", hold=2))
    _same(twos, [ones[n - n % 2] for n in range(11)])
    fours = _pictures(_job(tiny_pack, sequence, tmp_path / "4", hold=4, frames=[1, 9]))
    _same(fours, [ones[1 + (n - 1) // 4 * 4] for n in range(1, 10)])


def test_strength_and_mattes_are_the_frames_own(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    """Frame 3 shows the painting of frame 2 mixed with itself, and itself outside of its matte."""
    full = _pictures(_job(tiny_pack, sequence, tmp_path / "1", hold=2))
    source = [np.asarray(Image.open(file)) for file in sorted(sequence.parent.iterdir())]
    half = _pictures(_job(tiny_pack, sequence, tmp_path / "2", hold=2, strength=0.5))
    for n in range(11):
        mixed = (full[n].astype(float) + source[n]) / 2
        assert np.abs(half[n] - mixed).max() <= 1
    for number in range(11):  # a matte that is empty where frame 2 is drawn, and not at frame 3
        matte = np.zeros(SIZE, np.uint8)
        if number != 2:
            matte[:, : 3 * number] = 255
        file = tmp_path / "m" / f"m.{number:04d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(matte).save(file)
    inside = _pictures(
        _job(tiny_pack, sequence, tmp_path / "3", hold=2, matte=tmp_path / "m" / "m.%04d.png")
    )
    for n in range(11):
        edge = 0 if n == 2 else 3 * n
        assert np.array_equal(inside[n][:, :edge], full[n][:, :edge])
        assert np.array_equal(inside[n][:, edge:], source[n][:, edge:])


def test_the_strength_of_a_frame_that_changes(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    keys = [{"frame": 1, "strength": 0.0}, {"frame": 5, "strength": 1.0}]
    full = _pictures(_job(tiny_pack, sequence, tmp_path / "1"))
    held = _pictures(_job(tiny_pack, sequence, tmp_path / "3", hold=2))
    source = [np.asarray(Image.open(file)) for file in sorted(sequence.parent.iterdir())]
    for hold, shown in ((1, full), (2, held)):
        faded = _pictures(_job(tiny_pack, sequence, tmp_path / f"f{hold}", keys=keys, hold=hold))
        for n, strength in enumerate([0, 0, 0.25, 0.5, 0.75, 1, 1]):
            mixed = source[n] + strength * (shown[n].astype(float) - source[n])
            assert np.abs(faded[n] - mixed).max() <= 1, n
        assert np.array_equal(faded[0], source[0])
        assert np.array_equal(faded[5], shown[5])


def test_a_hold_never_crosses_a_cut(tiny_pack: Path, tmp_path: Path) -> None:
    """With statistics of each frame too, which need no cuts themselves."""
    clip = make_two_scenes(tmp_path / "edit.mp4", 13, 30)

    def painted(folder: str, **look: Any) -> list[str]:
        job = _job(tiny_pack, clip, tmp_path / folder, **look)
        assert run_job(job).exit_code == 0
        return frame_md5s(tmp_path / folder / "out.mov")

    ones = painted("1")
    drawn = [n - n % 4 if n < 13 else 13 + (n - 13) // 4 * 4 for n in range(30)]
    assert painted("4", hold=4) == [ones[n] for n in drawn]


@pytest.mark.parametrize("stop", [9, 14])
def test_resumed_in_the_middle_of_a_hold(stop: int, tiny_pack: Path, tmp_path: Path) -> None:
    """Units have eight frames and drawings three: frame 8 shows the painting of frame 6."""
    clip = make_clip(tmp_path / "a.mp4", frames=20, sound=False)
    look = {"hold": 3, "statistics": "hybrid", "keys": [
        {"frame": 2, "styles": {"red": 1.0}}, {"frame": 18, "styles": {"blue": 1.0}}]}  # fmt: skip
    whole = _job(tiny_pack, clip, tmp_path / "whole", **look)
    assert run_job(whole).exit_code == 0
    again = _job(tiny_pack, clip, tmp_path / "again", **look)

    def halt(event: events.Event) -> None:
        if isinstance(event, events.FramePainted) and event.frame == stop:
            raise Cancelled("here")

    with pytest.raises(Cancelled):
        run_job(again, halt)
    assert run_job(again).exit_code == 0
    md5s = frame_md5s(tmp_path / "whole" / "out.mov")
    assert frame_md5s(tmp_path / "again" / "out.mov") == md5s
    assert len(set(md5s)) == 7  # 0 3 6 9 12 15 18


@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
def test_the_tasks_of_a_farm_paint_the_same(
    statistics: str, tiny_pack: Path, tmp_path: Path
) -> None:
    """Each task paints one unit of eight frames, by itself."""
    clip = make_two_scenes(tmp_path / "edit.mp4", 11, 24)
    look = {"hold": 5, "statistics": statistics, "keys": [
        {"frame": 4, "styles": {"red": 1.0}}, {"frame": 20, "styles": {"blue": 1.0}}]}  # fmt: skip
    assert run_job(_job(tiny_pack, clip, tmp_path / "1", **look)).exit_code == 0
    farm = make_farm_job(_job(tiny_pack, clip, tmp_path / "2", **look))
    FarmRun(farm).measure(0, 0)
    for piece in (2, 0, 1):
        FarmRun(farm).render(piece, piece)
    result = FarmRun(farm).assemble()
    assert isinstance(result, JobResult)
    assert result.exit_code == 0
    md5s = frame_md5s(tmp_path / "1" / "out.mov")
    assert frame_md5s(tmp_path / "2" / "out.mov") == md5s
    assert len(set(md5s)) == 6  # 0 5 10, 11 16 21


def test_another_hold_is_another_render_and_the_report_says_it(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    keys = [{"frame": 0, "styles": {"red": 1.0}}, {"frame": 4, "styles": {"blue": 1.0}}]
    seen = []
    for look in ({}, {"hold": 2}, {"hold": 2, "keys": keys}, {"hold": 2, "keys": keys}):
        result = run_job(_job(tiny_pack, sequence, tmp_path / "out", **look))
        seen.append(result.items[0].present)
        report = json.loads((tmp_path / "out" / "out.report.json").read_text())
        assert report["look"].get("hold", 1) == look.get("hold", 1)
        assert report["look"].get("keys", []) == look.get("keys", [])
    assert seen == [False, False, False, True]


def test_a_changed_file_has_those_painted_again_that_show_it(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, sequence, tmp_path / "out", hold=2)
    _pictures(job)
    changed = sequence.parent / "s.001005.png"  # position 4, which frame 5 shows too
    Image.fromarray(np.full((*SIZE, 3), 77, np.uint8)).save(changed)
    kept = _pictures(job)
    _same(kept, _pictures(_job(tiny_pack, sequence, tmp_path / "anew", hold=2)))


def test_keys_count_from_the_first_file_so_that_a_longer_head_moves_them(
    tiny_pack: Path, sequence: Path, tmp_path: Path
) -> None:
    """What was painted at position 3 is at position 4 afterwards, where another mix is due."""
    keys = [{"frame": 0, "styles": {"red": 1.0}}, {"frame": 8, "styles": {"blue": 1.0}}]
    job = _job(tiny_pack, sequence, tmp_path / "out", keys=keys)
    _pictures(job)
    pixels = np.random.default_rng(99).integers(0, 256, (*SIZE, 3), np.uint8)
    Image.fromarray(pixels).save(sequence.parent / "s.001000.png")
    _same(_pictures(job), _pictures(_job(tiny_pack, sequence, tmp_path / "anew", keys=keys)))
