"""Stills and image sequences: image files out, and frames by the files' own numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from PIL import Image

from tests.helpers.command import nle_style
from tests.timeline.building import timeline, track

COLOURS = {number: (number - 1000, 10, 200) for number in range(1001, 1007)}


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Six PNGs of one colour each, 1001-1006, whose red says which."""
    for number, colour in COLOURS.items():
        Image.new("RGB", (32, 18), colour).save(tmp_path / f"plate.{number}.png")
    return tmp_path / "plate.%04d.png"


def red(path: Path) -> int:
    with Image.open(path) as image:
        values = np.unique(np.asarray(image)[..., 0])
    assert len(values) == 1
    return int(values[0])


def test_a_sequence_gives_a_sequence_with_its_numbers(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    words = ("--style", "red", "--strength", 0, "--pack", tiny_pack)
    done = nle_style("render", plate, *words, "--frames", "1003-1004", "-o", tmp_path / "out")
    assert done.code == 0, done.err
    folder = tmp_path / "out" / "plate.red"
    assert sorted(path.name for path in folder.iterdir()) == [
        "plate.red.001003.png",
        "plate.red.001004.png",
    ]
    assert [red(path) for path in sorted(folder.iterdir())] == [3, 4]


def test_numbers_that_no_file_has_are_refused_before_anything_is_made(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    words = ("--style", "red", "--strength", 0, "--pack", tiny_pack, "-o", tmp_path / "out")
    for frames in ("0-3", "1005-1010"):
        done = nle_style("render", plate, *words, "--frames", frames)
        assert done.code == 2
        said = " ".join(done.err.split())
        assert f"no files numbered {frames}" in said
        assert "1001-1006 here" in said
        assert not (tmp_path / "out").exists()


def test_a_job_file_counts_from_zero(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    look = {"styles": {"red": 1}, "strength": 0}
    job = {
        "nle_style_job": 1,
        "items": [{"source": str(plate), "frames": [2, 2], "look": look}],
        "output": {"directory": str(tmp_path / "out")},
        "pack": str(tiny_pack),
    }
    (tmp_path / "job.json").write_text(json.dumps(job))
    assert nle_style("run", tmp_path / "job.json").code == 0
    assert red(tmp_path / "out" / "plate.red" / "plate.red.001003.png") == 3
    job["items"][0]["frames"] = [0, 9]  # type: ignore[index]
    (tmp_path / "job.json").write_text(json.dumps(job))
    done = nle_style("run", tmp_path / "job.json")
    assert done.code == 2
    assert "Its frames are 0-5, of the files numbered 1001-1006" in " ".join(done.err.split())


def test_a_still_gives_one_file(tiny_pack: Path, tmp_path: Path) -> None:
    words = ("--style", "red", "--strength", 0, "--pack", tiny_pack, "-o", tmp_path / "out")
    for name, made in (("a.png", "a.red.png"), ("b.tif", "b.red.tif"), ("c.jpg", "c.red.png")):
        Image.new("RGB", (32, 18), (7, 7, 7)).save(tmp_path / name)
        done = nle_style("render", tmp_path / name, *words)
        assert done.code == 0, done.err
        assert red(tmp_path / "out" / made) == 7
        again = nle_style("render", tmp_path / name, *words)
        assert "was there already" in again.err
    movie = nle_style("render", tmp_path / "a.png", *words, "--format", "png-mov")
    assert movie.code == 0
    assert (tmp_path / "out" / "a.red.mov").is_file()


def test_sheet_counts_as_the_files_do(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    words = ("sheet", plate, "-o", tmp_path / "sheet.png", "--pack", tiny_pack, "--frame")
    assert nle_style(*words, 1004).code == 0
    with Image.open(tmp_path / "sheet.png") as image:
        cell = np.asarray(image)[:, 240, 0]  # through the source's, which comes first
    assert (cell == 4).sum() > 200
    done = nle_style(*words, 3)
    assert done.code == 2
    assert "Its frames are 1001-1006" in " ".join(done.err.split())


def test_a_cuts_sequence_stays_a_movie_unless_images_are_asked_for(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    reference = otio.schema.ImageSequenceReference(
        f"{plate.parent.as_uri()}/", "plate.", ".png", 1001, 1, 24, 4,
        available_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(0, 24), otio.opentime.RationalTime(6, 24)
        ),
    )  # fmt: skip
    shown = otio.opentime.TimeRange(
        otio.opentime.RationalTime(1, 24), otio.opentime.RationalTime(3, 24)
    )
    cut = tmp_path / "cut.otio"
    edit = timeline(track(otio.schema.Clip("plate", reference, shown)))
    otio.adapters.write_to_file(edit, str(cut))
    words = ("batch", cut, "--style", "red", "--strength", 0, "--pack", tiny_pack)
    assert nle_style(*words, "-o", tmp_path / "movie").code == 0
    assert (tmp_path / "movie" / "plate.red.mov").is_file()
    assert nle_style(*words, "-o", tmp_path / "images", "--format", "png").code == 0
    files = sorted(path.name for path in (tmp_path / "images" / "plate.red").iterdir())
    assert files == [f"plate.red.{number:06d}.png" for number in (1002, 1003, 1004)]
