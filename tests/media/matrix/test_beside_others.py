"""What `probe_media` says of the files of the matrix, beside what ffprobe and Pillow say."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nle_style.media.base import MediaInfo
from nle_style.media.source import probe_media
from tests.media.matrix.rows import ROWS, Row

_MATRICES = {"gbr": 0, "bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}
_PRIMARIES = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020": 9, "smpte432": 12}
_TRANSFERS = {"bt709": 1, "smpte170m": 6, "linear": 8, "iec61966-2-1": 13, "smpte2084": 16}
_TRANSFERS |= {"arib-std-b67": 18}
_COLOURS = {
    "color_primaries": ("primaries", _PRIMARIES),
    "color_transfer": ("transfer", _TRANSFERS),
    "color_space": ("matrix", _MATRICES),
}
_WOVEN = ("tt", "bb", "tb", "bt")
_SOME = "%+#12"  # packets: the first picture comes behind some of sound
_READ = [row for row in ROWS if not row.refused]
_MOVIES = [row for row in _READ if "%" not in row.suffix]
# Pillow has no EXR and DPX, and takes 8 bits of deep colours.
_IMAGES = [row for row in _READ if "%" in row.suffix and row.bits == 8 and "dpx" not in row.suffix]


def _ffprobe(path: Path) -> dict[str, Any]:
    command = ["ffprobe", "-v", "quiet", "-of", "json", "-threads", "1", "-show_streams"]
    command += ["-show_format", "-show_frames", "-read_intervals", _SOME, str(path)]
    said: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True).stdout)
    return said


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe (apt install ffmpeg)")
@pytest.mark.parametrize("row", _MOVIES, ids=lambda row: row.name)
def test_a_movie(row: Row, paths: dict[str, Path]) -> None:
    said, info = _ffprobe(paths[row.name]), probe_media(paths[row.name])
    stream = next(each for each in said["streams"] if each["codec_type"] == "video")
    frame = next((each for each in said["frames"] if each.get("pix_fmt")), None)
    if frame is None:
        pytest.skip("this ffprobe cannot decode it")
    _check_picture(row, info, stream, frame)
    for key, (name, codes) in _COLOURS.items():
        stated = frame.get(key) or stream.get(key)
        code = getattr(info.colour, name)
        if stated is None:
            assert code == 2 or (name, code, row.is_rgb) == ("matrix", 0, True), key
        elif not row.pixels.startswith(("gray", "ya")):  # ffmpeg's versions say this or that
            assert code == codes[stated], key
    sound = [each for each in said["streams"] if each["codec_type"] == "audio"]
    assert [(each.index, each.codec, each.sample_rate, each.channels) for each in info.audio] == [
        (each["index"], each["codec_name"], int(each["sample_rate"]), each["channels"])
        for each in sound
    ]
    tags = [each.get("tags", {}) for each in (*said["streams"], said["format"])]
    labels = {tag[key] for tag in tags for key in tag if key.lower() == "timecode"}
    assert {info.timecode} - {None} == labels


def _check_picture(
    row: Row, info: MediaInfo, stream: dict[str, Any], frame: dict[str, Any]
) -> None:
    turned = info.rotation in (90, 270)
    stored = (info.height, info.width) if turned else (info.width, info.height)
    assert stored == (frame["width"], frame["height"])
    assert info.pixel_format == frame["pix_fmt"] or (row.suffix == "webm" and row.alpha)
    aspect = frame.get("sample_aspect_ratio", "1:1").replace(":", "/")
    assert (1 / info.pixel_aspect if turned else info.pixel_aspect) == Fraction(aspect)
    woven = bool(frame["interlaced_frame"]) or stream.get("field_order") in _WOVEN
    assert info.interlaced == woven
    if not info.variable_rate:
        assert info.rate == Fraction(stream["r_frame_rate"])


@pytest.mark.slow
@pytest.mark.parametrize("row", _IMAGES, ids=lambda row: row.name)
def test_an_image(row: Row, paths: dict[str, Path]) -> None:
    info = probe_media(paths[row.name])
    assert (info.kind, info.frame_count) == ("sequence", row.frames)
    with Image.open(info.file_of(0)) as image:
        assert (info.width, info.height) == image.size
        assert info.has_alpha == (image.mode in ("RGBA", "LA"))
        assert info.bit_depth == 8
