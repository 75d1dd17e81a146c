"""A timeline of every kind of strip, styled in a real Blender and rendered: frame for frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers.stamps import Frame, Stamp, read_stamp
from tests.plugins.blender.conftest import Run, read_image

pytestmark = pytest.mark.slow

MIXED = None  # a dissolve, or a title on it: no stamp can be read

# What each frame shows, (clip, number), by the offsets in `inside.timeline`.
EXPECTED: list[Stamp | None] = [
    *((1, number) for number in (12, 13, 14, 15)),  # 5 cut off, then 7 hidden
    *((1, number) for number in (36, 35, 34, 33)),  # of 40, backwards, 3 hidden
    *((1, number) for number in (0, 0, 0, 1)),  # begins 2 frames before its first
    *((1, number) for number in (38, 39, 39, 39)),  # ends 2 frames after its last
    *((2, number) for number in (0, 1, 2, 3)),
    *((1, number) for number in (3, 3, 6, 6)),  # 4 to 7, each third only
    *((1, number) for number in (0, 2, 4, 6)),  # twice as fast, by an effect
    *((4, number) for number in (2, 3, 4, 5)),
    *((4, number) for number in (0, 2, 4, 6)),  # every second file
    *((5, 0) for _ in range(4)),
    *((1, 20), (1, 21), MIXED, MIXED, (2, 12), (2, 13)),
    *([MIXED] * 4),
    *((1, number) for number in (2, 4, 6, 8)),  # twice as fast, by itself, 1 hidden
    # 30 frames a second at 24000/1001: 2 hidden, so 2.50, 3.75, 5.01 and 6.26.
    *((3, number) for number in (2, 3, 5, 6)),
]


@pytest.fixture(scope="module")
def played(
    run_in_blender: Run, stamped_media: Path, tiny_pack: Path, tmp_path_factory: Any
) -> tuple[Path, dict[str, Any]]:
    """(folder of the rendered frames, what was found in Blender)."""
    folder = tmp_path_factory.mktemp("played")
    (folder / "media").symlink_to(stamped_media)
    return folder, run_in_blender("scenes.py", folder, {"pack": str(tiny_pack)})


def frames(folder: Path) -> list[Frame]:
    return [read_image(path) for path in sorted(folder.iterdir())]


def test_every_frame_is_the_sources_at_strength_0(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    assert found["said"] == ""
    last = found["last"]
    before, after = frames(folder / "before"), frames(folder / "after")
    assert [
        None if expected is None else read_stamp(frame)
        for frame, expected in zip(before, EXPECTED[:last], strict=True)
    ] == EXPECTED[:last]
    unlike = [n + 1 for n in range(last) if not np.array_equal(before[n], after[n])]
    assert unlike == []


def test_originals_stay_muted_below_their_styled_strips(
    played: tuple[Path, dict[str, Any]],
) -> None:
    folder, found = played
    before, after = found["before"], found["after"]
    made = {name: strip for name, strip in after.items() if strip["styled"]}
    sources = [name for name, strip in before.items() if strip["type"] in ("MOVIE", "IMAGE")]
    assert sorted(made) == sorted(f"{name} red" for name in sources)
    for name in sources:
        styled, original = made[f"{name} red"], after[name]
        assert (original["mute"], styled["mute"]) == (True, False)
        for key in ("type", "frame_final_start", "frame_final_end"):
            assert styled[key] == original[key] == before[name][key]
        assert original["file"] == before[name]["file"]
        assert Path(styled["file"]).relative_to(folder / "styled")
    assert after["sound"] == before["sound"]  # selected too, and left alone
    # On the next free channel, or, below a title and an effect, in the original's place.
    assert (after["trimmed"]["channel"], made["trimmed red"]["channel"]) == (1, 2)
    assert made["below a title red"]["channel"] == 1 < after["title"]["channel"] == 2
    assert made["sped red"]["channel"] == 1 < after["speed"]["channel"] == 2
    assert after["speed"]["inputs"] == ["sped red"]
    assert after["dissolve"]["inputs"] == ["one red", "other red"]


def test_a_saved_file_plays_the_same(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    before = frames(folder / "before")
    assert all(map(np.array_equal, frames(folder / "reopened"), before))


def test_styled_again_takes_the_earlier_ones_place(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    assert found["said again"] == ""
    assert sorted(found["again"]) == sorted(found["after"])
    for name in ("trimmed", "sped"):
        assert found["again"][f"{name} red"]["file"] != found["after"][f"{name} red"]["file"]
        assert not found["again"][f"{name} red"]["mute"]
    assert found["again"]["speed"]["inputs"] == ["sped red"]
    before, again = frames(folder / "before")[:28], frames(folder / "again")
    unlike = [n + 1 for n in range(28) if not np.array_equal(before[n], again[n])]
    assert unlike == [1, 2, 3, 4, 25, 26, 27, 28]
    assert "it is a styled strip: select its original" in found["styled twice"]


def test_the_trim_of_a_styled_strip_is_not_lost(played: tuple[Path, dict[str, Any]]) -> None:
    _, found = played
    said = "trimmed: its styled strip trimmed red was moved or trimmed, which would be lost"
    assert said in found["of a trimmed one"]
    assert found["trimmed end"] == found["again"]["trimmed red"]["frame_final_end"] - 1


def test_removed_they_leave_the_timeline_as_it_was(played: tuple[Path, dict[str, Any]]) -> None:
    folder, found = played
    one = found["one removed"]
    assert "reversed red" not in one
    assert not one["reversed"]["mute"]
    assert len(one) == len(found["again"]) - 1
    removed = found["removed"]
    assert [found["said of one"], found["said of all"]] == ["", ""]
    assert set(removed) == set(found["before"])
    for name, strip in removed.items():
        assert _without_file(strip) == _without_file(found["before"][name])
    assert all(map(np.array_equal, frames(folder / "removed"), frames(folder / "before")))


def _without_file(strip: dict[str, Any]) -> dict[str, Any]:
    """Saving makes the paths relative."""
    return {key: value for key, value in strip.items() if key != "file"}
