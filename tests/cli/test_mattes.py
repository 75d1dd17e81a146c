"""`--matte`: what the words mean, and what they do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nle_style.apply import Look, parse_styles
from nle_style.cli.option_groups import LookOptions
from nle_style.cli.options import parse_matte
from nle_style.cli.requests import matted_looks
from nle_style.errors import InputError
from nle_style.render import LayerJob, LookJob, MatteJob
from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.command import nle_style
from tests.helpers.media_factory import ffmpeg

HALF = LookOptions(strength=0.5)


def _job(mix: str) -> LookJob:
    return LookJob.of(Look(parse_styles(mix), 0.5))


@pytest.mark.parametrize(
    ("text", "file", "mix"),
    [
        ("m.mov", "m.mov", None),
        ("m.mov=blue", "m.mov", "blue"),
        ("m.%04d.exr=blue:0.7,fire:0.3", "m.%04d.exr", "blue:0.7,fire:0.3"),
        ("take=3/m.mov", "take=3/m.mov", None),
        ("take=3/m.mov=blue", "take=3/m.mov", "blue"),
        ("take=m.%04d.png", "take=m.%04d.png", None),
        ("m.mov=blue:much", "m.mov=blue:much", None),
        ("m.mov=", "m.mov=", None),
        ("=blue", "=blue", None),
    ],
)
def test_a_file_and_its_mix(text: str, file: str, mix: str | None) -> None:
    assert parse_matte(text) == (Path(file), mix)


def test_a_file_of_the_whole_name_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "m.mov=blue"
    assert parse_matte(str(path)) == (tmp_path / "m.mov", "blue")
    path.touch()
    assert parse_matte(str(path)) == (path, None)
    assert parse_matte(f"{path}=fire") == (path, "fire")


def test_what_is_painted_where() -> None:
    inside, other = MatteJob(source=Path("a.mov")), MatteJob(source=Path("b.mov"))
    fire = LayerJob(matte=other, look=_job("fire"))
    assert matted_looks("blue", [], HALF) == (_job("blue"), None, ())
    assert matted_looks("blue", ["a.mov"], HALF) == (_job("blue"), inside, ())
    assert matted_looks("blue", ["b.mov=fire"], HALF) == (_job("blue"), None, (fire,))
    assert matted_looks("blue", ["b.mov=fire", "a.mov"], HALF) == (_job("blue"), inside, (fire,))
    # Without --style nothing is painted outside of the mattes.
    assert matted_looks(None, ["a.mov=blue", "b.mov=fire"], HALF) == (
        *(_job("blue"), inside),
        (fire,),
    )


@pytest.mark.parametrize(
    ("style", "mattes", "said"),
    [
        (None, [], "no style is given"),
        (None, ["a.mov"], "no style is given"),
        (None, ["a.mov=blue", "b.mov"], "no style is given"),
        ("blue", ["a.mov", "b.mov"], "two mattes are given for --style"),
    ],
)
def test_refused(style: str | None, mattes: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        matted_looks(style, mattes, HALF)


def _corner(path: Path) -> list[str]:
    """MD5 of the left half of every frame."""
    text = ffmpeg("-i", path, "-vf", "format=rgb24,crop=32:48:0:0", "-f", "framemd5", "-").decode()
    return [line.split(",")[5].strip() for line in text.splitlines() if line[0] != "#"]


def test_render_inside_a_matte(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=2, sound=False, pixels="yuv444p")
    still = np.zeros((48, 64), np.uint8)
    still[:, 32:] = 255
    Image.fromarray(still).save(tmp_path / "right.png")
    done = nle_style(
        *("render", clip, "--matte", f"{tmp_path / 'right.png'}=red", "-o", tmp_path),
        *("--pack", tiny_pack, "--statistics", "frame"),
    )
    assert done.code == 0, done.err
    painted = tmp_path / "clip.red.mov"
    # The plain copy has the clip's RGB, so that both halves are cut out of RGB alike.
    ffmpeg("-i", clip, "-pix_fmt", "rgb24", "-c:v", "png", tmp_path / "copy.mov")
    assert _corner(painted) == _corner(tmp_path / "copy.mov")
    assert not set(frame_md5s(painted)) & set(frame_md5s(clip))
    report = json.loads((tmp_path / "clip.red.report.json").read_text())
    assert [Path(matte["source"]).name for matte in report["mattes"]] == ["right.png"]


def test_a_timeline_takes_no_matte(tmp_path: Path) -> None:
    cut, matte = tmp_path / "cut.otio", ("--matte", "a.mov=blue")
    assert nle_style("batch", cut, "-o", tmp_path, *matte).code == 2
    done = nle_style("farm", cut, "-o", tmp_path, *matte)
    assert done.code == 2
    assert "a matte belongs to one clip" in done.err
    assert "render --matte" in done.err
