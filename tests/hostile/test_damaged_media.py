"""Real files with chance damage: an error of ours, or pictures that ffmpeg gives too.

The same few files are damaged in the same ways every time. More of them:

    NLE_STYLE_FUZZ=5000 pytest tests/hostile/test_damaged_media.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from tests.helpers.media_factory import rgb_md5
from tests.hostile.damaged import KINDS, damaged, make_whole

_EACH = int(os.environ.get("NLE_STYLE_FUZZ", "0")) // len(KINDS) or 10
_PROGRAM_MB = 600
_SECONDS = 10  # of CPU, for a file of a few kilobytes
_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_files(tmp_path: Path) -> None:
    wholes = make_whole(tmp_path)
    paths = list(wholes.values())
    for kind, whole in wholes.items():
        for number in range(_EACH):
            path = tmp_path / f"{number}.{kind}"
            path.write_bytes(damaged(whole.read_bytes(), f"{kind} {number}"))
            paths.append(path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.damaged", *map(str, paths)],
        capture_output=True, check=False, text=True, cwd=_ROOT, errors="replace",
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (told[-1], done.stderr[-500:])
    said = {Path(entry["name"]): entry for entry in told if len(entry) > 1}
    assert [said[path].get("error") for path in wholes.values()] == [None] * len(wholes)
    right = {path.suffix: said[path]["frames"] for path in wholes.values()}
    faults = []
    for path, entry in said.items():
        if "defect" in entry or entry["peak_mb"] > _PROGRAM_MB or entry["seconds"] > _SECONDS:
            faults.append(entry)
        elif "frames" in entry:
            theirs = _decoded(path, entry["size"], entry["kind"])
            whole = right[path.suffix]
            # A transport stream states no length: what is missing at an end of it is not known.
            parts = [whole[a:b] for a in range(5) for b in range(a + 1, 6)]
            known = [theirs, whole, *(parts if path.suffix == ".ts" else ())]
            if entry["frames"] not in known:
                faults.append(entry | {"ffmpeg": theirs, "right": right[path.suffix]})
    assert faults == []


def _decoded(path: Path, size: tuple[int, int], kind: str) -> list[str]:
    """MD5 of every picture that Pillow or the ffmpeg program makes of a damaged file."""
    if path.suffix in (".jpg", ".tif"):  # ffmpeg's JPEG has another inverse cosine transform
        try:
            with Image.open(path) as image:
                return [rgb_md5(np.asarray(image.convert("RGB")))]
        except (OSError, SyntaxError, ValueError):
            return []
    if path.suffix == ".exr":
        return _by_openexr(path)
    pixels = {"uint8": "rgb24", "uint16": "rgb48le"}[kind]
    words = ["-nostdin", "-v", "quiet", "-threads", "1", "-i", path, "-map", "0:v:0", "-fps_mode"]
    words += ["passthrough", "-pix_fmt", pixels, "-f", "rawvideo", "-"]
    done = subprocess.run(
        [get_ffmpeg_exe(), *map(str, words)], capture_output=True, check=False, timeout=60
    )
    width, height = size
    frames = np.frombuffer(done.stdout, kind)
    if frames.size % (width * height * 3):
        return []  # of other sizes
    return [rgb_md5(frame) for frame in frames.reshape(-1, height, width, 3)]


def _by_openexr(path: Path) -> list[str]:
    """The data window in the display window."""
    try:
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels, header = file.channels(), file.header()
            pixels = np.dstack([channels[name].pixels.astype("f4") for name in "RGB"])
            (left, top), (right, bottom) = np.int64(header["displayWindow"])
            (x, y), _ = np.int64(header["dataWindow"])
    except (RuntimeError, UnicodeDecodeError, KeyError):
        return []
    canvas = np.zeros((bottom - top + 1, right - left + 1, 3), "f4")
    rows, columns = np.ogrid[top : bottom + 1, left : right + 1]
    inside = (rows >= y) & (rows < y + len(pixels)) & (columns >= x)
    inside &= columns < x + pixels.shape[1]
    down, across = np.nonzero(inside)
    canvas[down, across] = pixels[down + top - y, across + left - x]
    return [rgb_md5(canvas)]
