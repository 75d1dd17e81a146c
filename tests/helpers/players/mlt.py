"""An editing engine as judge: play a timeline with melt and see which frames come out.

The MLT document is written from the OpenTimelineIO objects alone and computes its own file
frames, so it can find nle_style wrong; `mlt_document` says how, and what it covers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
import numpy.typing as npt
import opentimelineio as otio
import pytest

from tests.helpers.players.mlt_document import Document
from tests.helpers.players.otio_frames import Reading
from tests.helpers.stamps import Stamp, frames_of, read_stamp

__all__ = ["need_melt", "play", "play_project", "stamps_of"]


def need_melt() -> str:
    """The path of melt; skips the test where it is not installed."""
    melt = shutil.which("melt")
    if melt is None:
        pytest.skip("melt is not installed (apt-get install melt): no editing engine to ask")
    return melt


def play(
    timeline: otio.schema.Timeline,
    rate: Fraction,
    folder: Path,
    *,
    media_starts: Mapping[str, int] | None = None,
    reading: Reading = "law",
) -> list[npt.NDArray[np.uint8]]:
    """Every frame that melt shows, HEIGHT x WIDTH x 3, uint8.

    Args:
        timeline: at `rate`, with media of HEIGHT x WIDTH at that rate.
        rate: frames per second.
        folder: where the document and melt's output are put.
        media_starts: the first frame's timecode, by path, for media without available range.
        reading: how retimes are read.
    """
    document = folder / "cut.mlt"
    cut = Document(timeline, rate, dict(media_starts or {}), reading)
    cut.write(document)
    frames = play_project(document, folder / "played.mkv")
    assert len(frames) == cut.length, f"melt played {len(frames)} frames of {cut.length}"
    return frames


def play_project(project: Path, output: Path) -> list[npt.NDArray[np.uint8]]:
    """Every frame that melt shows of a project, height x width x 3, uint8; kept in `output`."""
    # real_time=0: every frame, in order, on one thread.
    command = [need_melt(), "-silent", str(project), "-consumer", f"avformat:{output}"]
    command += ["vcodec=ffv1", "pix_fmt=bgr0", "an=1", "real_time=0", "threads=1"]
    command += ["mlt_image_format=rgb", "terminate_on_pause=1"]
    _run(command, output)
    return list(frames_of(output))


def _run(command: list[str], output: Path) -> None:
    """Run melt; start it again where it did not start working.

    On a busy machine melt 7.12 sometimes loses the race between its main thread and its
    consumer's (seen in gdb: only main is left, in nanosleep, and nothing is written), about once
    in 30 runs; or it ends well and leaves a file without a header. Only these two are tried again:
    a film that can be opened is judged as it is. A render of these few frames takes half a second.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    for patience in (3, 6, 12, 24, 48):
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=environment,
                check=False,
                timeout=patience,
            )
        except subprocess.TimeoutExpired:
            continue
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(av.error.FFmpegError), av.open(str(output)):
            return
    pytest.fail("melt did not play in five attempts")


def stamps_of(frames: list[npt.NDArray[np.uint8]]) -> list[Stamp | str | None]:
    """The stamp of each frame, None for black, "mixed" within a dissolve."""
    found: list[Stamp | str | None] = []
    for frame in frames:
        try:
            found.append(read_stamp(frame))
        except ValueError:
            found.append("mixed")
    return found
