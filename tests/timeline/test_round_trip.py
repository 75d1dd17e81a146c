"""The acceptance of the room: melt plays the relinked cut frame for frame like the original.

"Rendering" is a lossless copy of the planned frames, so every pixel must come out the same.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from nle_style.timeline.relink import Rendered, relink, write_timeline
from tests.helpers.players.mlt import need_melt, play, stamps_of
from tests.helpers.stamps import cut_losslessly, frames_of, make_clip, read_stamp
from tests.timeline.building import Facts, clip, gap, read_back, timeline, track, transition

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001)]
COUNT = 60


@dataclass(frozen=True)
class Edit:
    """Two stamped clips and the cut made of them."""

    read: ReadTimeline
    rate: Fraction
    folder: Path

    def probe(self, path: Path) -> Facts:
        return Facts(self.rate, sum(1 for _ in frames_of(path)))

    def rendered(self, plan: Plan, shift: int = 0) -> list[Rendered]:
        """The planned frames, copied; `shift` is a deliberate mistake."""
        made = []
        for number, wanted in enumerate(plan.ranges):
            path = self.folder / f"intermediate {number}.mov"
            cut_losslessly(wanted.source, wanted.first + shift, wanted.last + shift, path)
            made.append(Rendered(wanted.source, wanted.first, wanted.last, path, self.rate))
        return made


def hour(rate: Fraction) -> int:
    """01:00:00:00 non-drop, in frames: an hour of nominal seconds."""
    return 3600 * round(rate)


def edit_of(rate: Fraction, folder: Path, *, dissolve: bool = False) -> Edit:
    r, tc = float(rate), hour(rate)
    a = make_clip(folder / "flower field.mov", 1, COUNT, rate)
    b = make_clip(folder / "crowd.mkv", 2, COUNT, rate)

    def shot(path: Path, first: int, count: int, base: int) -> otio.schema.Clip:
        return clip(path.stem, (base + first, count), (base, COUNT), url=path.as_uri(), rate=r)

    joint = [transition(2, 3, r)] if dissolve else []
    lower = track(
        gap(2, r),
        shot(a, 5, 8, tc),
        *joint,
        shot(b, 20, 7, 0),
        gap(3, r),
        shot(a, 9, 6, tc),  # the same clip again, overlapping its first use
        shot(a, 50, 10, tc),  # up to the last frame of the file
    )
    upper = track(gap(7, r), shot(b, 40, 4, 0), gap(11, r), shot(a, 0, 3, tc))
    return Edit(read_back(timeline(lower, upper), folder), rate, folder)


def played(edit: Edit, made: otio.schema.Timeline, name: str) -> list[np.ndarray]:
    folder = edit.folder / name
    folder.mkdir()
    path = folder / "cut.otio"
    write_timeline(made, path)
    return play(read_timeline(path).timeline, edit.rate, folder)


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize(("handles", "dissolve"), [(0, True), (4, False)])
def test_the_relinked_cut_plays_the_same(
    rate: Fraction, handles: int, dissolve: bool, tmp_path: Path
) -> None:
    need_melt()
    edit = edit_of(rate, tmp_path, dissolve=dissolve)
    plan = plan_shots(edit.read, edit.probe, handles=handles)
    assert (len(plan.uses), len(plan.refusals)) == (6, 0)
    before = played(edit, edit.read.timeline, "before")
    both, baked = relink(edit.read, plan, edit.rendered(plan), suffix="blue")
    for name, made in (("second reference", both), ("baked", baked)):
        urls = {c.media_reference.target_url for c in made.find_clips()}
        assert all("intermediate" in url for url in urls)
        after = played(edit, made, name)
        assert len(after) == len(before)
        different = [
            i for i, (x, y) in enumerate(zip(before, after, strict=True)) if (x != y).any()
        ]
        assert different == [], stamps_of(after)


def test_melt_shows_what_the_cut_says(tmp_path: Path) -> None:
    """The judge itself, against the cut written out by hand."""
    need_melt()
    edit = edit_of(Fraction(24), tmp_path)
    shown = stamps_of(played(edit, edit.read.timeline, "before"))
    lower = [None] * 2 + [(1, n) for n in range(5, 13)] + [(2, n) for n in range(20, 27)]
    lower += [None] * 3 + [(1, n) for n in range(9, 15)] + [(1, n) for n in range(50, 60)]
    expected = list(lower)
    expected[7:11] = [(2, n) for n in range(40, 44)]
    expected[22:25] = [(1, n) for n in range(3)]
    assert shown == expected


@pytest.mark.parametrize("shift", [-1, 1])
def test_melt_sees_a_render_that_is_one_frame_off(shift: int, tmp_path: Path) -> None:
    """Without this the comparison above would prove nothing."""
    need_melt()
    rate = Fraction(24)
    path = make_clip(tmp_path / "a.mov", 1, COUNT, rate)
    made = timeline(track(clip("a", (86410, 8), (86400, COUNT), url=path.as_uri())))
    edit = Edit(read_back(made, tmp_path), rate, tmp_path)
    plan = plan_shots(edit.read, edit.probe, handles=2)
    both, _ = relink(edit.read, plan, edit.rendered(plan, shift), suffix="blue")
    after = stamps_of(played(edit, both, "after"))
    assert after == [(1, n + shift) for n in range(10, 18)]


@pytest.mark.parametrize("handles", [0, 4])
def test_only_the_needed_frames_are_rendered(handles: int, tmp_path: Path) -> None:
    edit = edit_of(Fraction(25), tmp_path, dissolve=True)
    plan = plan_shots(edit.read, edit.probe, handles=handles)
    spans = [(r.source.stem, r.first, r.last) for r in plan.ranges]
    if handles:
        # crowd: 18-26 and 40-43; field: 5-15 (the dissolve ends there), 9-14, 50-59 and 0-2.
        assert spans == [
            ("flower field", 0, 19),
            ("flower field", 46, 59),
            ("crowd", 14, 30),
            ("crowd", 36, 47),
        ]
    else:
        assert spans == [
            ("flower field", 0, 2),
            ("flower field", 5, 15),
            ("flower field", 50, 59),
            ("crowd", 18, 26),
            ("crowd", 40, 43),
        ]


def test_an_unpacked_bundle_plays_the_same(tmp_path: Path) -> None:
    need_melt()
    rate = Fraction(24)
    media = make_clip(tmp_path / "a.mov", 3, COUNT, rate)
    made = timeline(track(clip("a", (10, 6), (0, COUNT), url=str(media))))
    bundle = tmp_path / "cut.otioz"
    otio.adapters.write_to_file(made, str(bundle))
    media.unlink()
    read = read_timeline(bundle, extract_to=tmp_path / "unpacked")
    edit = Edit(read, rate, tmp_path)
    plan = plan_shots(read, edit.probe)
    assert plan.uses[0].source == tmp_path / "unpacked" / "media" / "a.mov"
    both, _ = relink(read, plan, edit.rendered(plan), suffix="blue")
    assert stamps_of(played(edit, both, "after")) == [(3, n) for n in range(10, 16)]


def test_stamps_name_the_frames_that_another_decoder_sees(tmp_path: Path) -> None:
    """Stamped media against the ffmpeg binary, which shares no code with the stamps' reader."""
    path = make_clip(tmp_path / "a.mov", 200, 5, Fraction(24))
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-vf", "select=eq(n\\,3)"]
    command += ["-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    frame = np.frombuffer(raw, np.uint8).reshape(32, 192, 3)
    assert read_stamp(frame) == (200, 3)
    # Blocks of 8: 200 is 11001000, then 16 bits of 3.
    assert (frame[4, ::8, 0] // 255).tolist() == [1, 1, 0, 0, 1, 0, 0, 0] + [0] * 14 + [1, 1]
    assert read_stamp(np.zeros((32, 192, 3), np.float32)) is None
    with pytest.raises(ValueError, match="not a stamp"):
        read_stamp(np.full((32, 192, 3), 0.5, np.float32))
