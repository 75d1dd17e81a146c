"""--strength 0 through the whole runner: every exact cell of docs/formats.md, layers and all.

tests/media/test_formats_table.py runs the same cells without the painter between.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from nle_style.media.base import MediaInfo
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Item, LookJob, Output, RenderJob
from nle_style.render.item import run_job
from tests.helpers.media_factory import write_pixels
from tests.media.image.test_exr_layers import CHANNELS, layered
from tests.media.test_formats_table import HEAD, ROWS, SOURCES


def delivered(pack: Path, source: Path, folder: Path, format: str, strength: float) -> MediaInfo:
    look = LookJob(styles={"red": 1.0}, strength=strength)
    job = RenderJob(
        items=(Item(source=source, look=look),),
        output=Output(directory=folder, format=format),
        pack=str(pack),
    )
    outcome = run_job(job)
    assert outcome.exit_code == 0, outcome.items
    plan = outcome.items[0].plan
    assert plan is not None
    files = plan.sequence_files
    if files is None:
        return probe_media(plan.destination)
    return probe_media(files.folder / f"{files.prefix}%0{files.padding}d{files.suffix}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_strength_0_returns_the_source(tiny_pack: Path, tmp_path: Path, row: list[str]) -> None:
    source = SOURCES[row[0]](tmp_path)
    info = probe_media(source)
    top = 1 if info.is_float else 255 if info.bit_depth <= 8 else 65535

    def codes(frame: np.ndarray) -> np.ndarray:
        return frame if info.is_float else np.rint(frame * np.float32(top))

    for format, cell in zip((name.strip("`") for name in HEAD[1:]), row[1:], strict=True):
        if "exact" not in cell:
            continue
        back = delivered(tiny_pack, source, tmp_path / format, format, 0.0)
        frames = zip(read_frames(info, alpha=True), read_frames(back, alpha=True), strict=True)
        for given, read in frames:
            only = (..., slice(3, 4)) if "alpha exact" in cell else ...
            assert np.array_equal(codes(given[only]), codes(read[only])), format


@pytest.mark.parametrize(("strength", "changed"), [(0.0, []), (1.0, ["R", "G", "B"])])
def test_painting_an_exr_changes_its_picture_alone(
    tiny_pack: Path, tmp_path: Path, strength: float, changed: list[str]
) -> None:
    back = delivered(tiny_pack, layered(tmp_path / "a.exr"), tmp_path / "out", "exr", strength)
    made = OpenEXR.File(str(back.path).replace("%06d", "000000"), separate_channels=True)
    given = OpenEXR.File(str(tmp_path / "a.exr"), separate_channels=True)
    assert [part.name() for part in made.parts] == ["rgba", "depth"]
    pairs = zip(given.parts, made.parts, strict=True)
    other = [name for a, b in pairs for name, channel in a.channels.items()
             if channel.pixels.tobytes() != b.channels[name].pixels.tobytes()]  # fmt: skip
    assert sorted(other) == sorted(changed)
    assert set(changed) <= set(CHANNELS)


@pytest.mark.parametrize("depth", ["half", "float"])
def test_exr_files_of_black_are_painted_one_dark_tone(tmp_path: Path, depth: str) -> None:
    """By the shipped pack: black has no contrast that its norms could divide by."""
    for number in range(4):
        write_pixels(tmp_path / f"black.{number:04d}.exr", np.zeros((24, 32, 3), "f4"), depth)
    source = tmp_path / "black.%04d.exr"
    back = delivered(Path("posters"), source, tmp_path / "out", "exr", 1.0)
    for frame in read_frames(back):
        assert np.isfinite(frame).all()
        assert np.ptp(frame, axis=(0, 1)).max() < 0.02
        assert 0 <= frame.min() <= frame.max() < 0.16  # linear; a grey of half is 0.21
