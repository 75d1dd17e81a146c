"""Blender's video sequencer as a second judge: cuts, gaps and stacked tracks.

As with melt the strips are placed from the OpenTimelineIO objects alone. Blender is slow to start
(two to three seconds on a free machine), so that a test should ask it about few timelines.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)
import opentimelineio as otio
import pytest

from tests.helpers.players.otio_frames import file_start, media_of, speed_of, whole
from tests.helpers.stamps import HEIGHT, WIDTH

__all__ = ["need_blender", "play_in_blender"]

_PATIENCE = 180  # seconds, for a machine that is busy with something else


def need_blender() -> str:
    """The path of Blender; skips the test where it is not installed."""
    blender = shutil.which("blender")
    if blender is None:
        pytest.skip("blender is not installed (apt-get install blender): no second engine to ask")
    return blender


def play_in_blender(
    timeline: otio.schema.Timeline, rate: Fraction, folder: Path
) -> list[npt.NDArray[np.uint8]]:
    """Every frame that Blender renders, HEIGHT x WIDTH x 3, uint8.

    Args:
        timeline: of clips and gaps without retimes; every time counts at `rate`, the rate of the
            media, and every reference has an available range.
        rate: frames per second.
        folder: where the strips' description and the pictures are put.
    """
    blender = need_blender()
    pictures = folder / "frames"
    pictures.mkdir(parents=True)
    strips, length = _strips(timeline)
    cut = {
        "rate": [rate.numerator, rate.denominator],
        "size": [WIDTH, HEIGHT],
        "frames": length,
        "folder": str(pictures),
        "strips": strips,
    }
    (folder / "cut.json").write_text(json.dumps(cut))
    script = Path(__file__).with_name("blender_vse.py")
    command = [blender, "-b", "--factory-startup", "--python-exit-code", "1", "--python"]
    command += [str(script), "--", str(folder / "cut.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    files = sorted(pictures.iterdir())
    assert len(files) == length, f"Blender rendered {len(files)} frames of {length}"
    return [oiio.ImageBuf(str(path)).get_pixels(oiio.UINT8) for path in files]


def _strips(timeline: otio.schema.Timeline) -> tuple[list[dict[str, object]], int]:
    """The movie strips, a channel a track, and the length of the cut in frames."""
    strips: list[dict[str, object]] = []
    length = 0
    tracks = [t for t in timeline.tracks if t.kind == "Video" and t.enabled]
    for channel, track in enumerate(tracks, 1):
        at = 0
        for item in track:
            frames = whole(item.trimmed_range().duration)
            if not isinstance(item, otio.schema.Gap):
                assert isinstance(item, otio.schema.Clip), f"{item} is not placed in Blender"
                assert speed_of(item) == 1, f"{item.name} is retimed"
                media = media_of(item)
                strips.append(
                    {
                        "path": str(media.files[0]),
                        "channel": channel,
                        "at": at,
                        "first": file_start(item, {}),
                        "frames": frames,
                        "count": media.count,
                    }
                )
            at += frames
        length = max(length, at)
    return strips, length
