"""Looks that change and holds, as the command line asks for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nle_style.cli.option_groups import LookOptions, RenderOptions
from nle_style.cli.requests import clips_job, look_of, matted_looks
from nle_style.errors import NleStyleError
from tests.helpers.clips import make_clip
from tests.helpers.command import nle_style


def _keys(style: str, frames: str | None = None, **controls: Any) -> list[dict[str, Any]]:
    looks = matted_looks(style, (), LookOptions(**controls))
    job = clips_job([Path("a.mov")], looks, RenderOptions(), Path("out"), frames=frames)
    return [key.model_dump(exclude_none=True) for key in job.items[0].look.keys]


def test_keys_count_from_the_first_frame_that_is_asked_for() -> None:
    there = [{"frame": 0, "styles": {"blue": 1.0}}, {"frame": 48, "styles": {"fire": 1.0}}]
    assert _keys("0: blue, 48: fire") == there
    moved = [{**key, "frame": key["frame"] + 100} for key in there]
    assert _keys("0: blue, 48: fire", "100-199") == moved


def test_controls_are_the_whole_looks() -> None:
    look = look_of("0: blue, 48: fire", LookOptions(0.5, hold=2))
    assert (look.strength, look.hold, look.label) == (0.5, 2, "blue-to-fire")
    faded = look_of("blue, 0: strength 0, 24: strength 0.8", LookOptions())
    assert [faded.strength_at(n) for n in (0, 12, 24)] == [0, 0.4, 0.8]


@pytest.mark.parametrize(
    ("style", "fault"),
    [
        ("0: blue, end: fire", "has a key at the end"),
        ("0: blue hold 2, 48: fire", "has a hold for the whole look"),
        ("0: blue, 0: fire", "two keys at frame 0"),
        ("0: blue, 48: fire strength 2", "strength 2 is not between 0 and 1"),
    ],
)
def test_what_is_refused(style: str, fault: str) -> None:
    with pytest.raises(NleStyleError, match=fault):
        look_of(style, LookOptions())


def test_a_dry_run_counts_what_is_painted_and_says_what_changes(
    tiny_pack: Path, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=9, sound=False)
    arguments = ("render", clip, "--pack", tiny_pack, "--style", "0: red, 6: blue", "--hold", 2,
                 "--frames", "2-8", "-o", tmp_path / "out", "--dry-run")  # fmt: skip
    done = nle_style(*arguments, "--json")
    assert done.code == 0, done.err
    (made,) = json.loads(done.out)["intermediates"]
    assert (made["look"], made["to_paint"], made["drawn"]) == ("red-to-blue", 7, 4)
    assert made["notes"][:2] == [
        "the look changes: red at 2, blue at 8",
        "red-to-blue: each painting is shown for 2 frames of its shot",
    ]
    assert "the look changes: red at 2, blue at 8" in nle_style(*arguments).out
    assert not (tmp_path / "out").exists()
