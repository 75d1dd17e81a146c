"""Movies that decode to other pictures than they hold: refused, where they were painted."""

from __future__ import annotations

from pathlib import Path

import pytest

from nle_style.errors import MediaError
from nle_style.media.source import probe_media
from tests.helpers.media_factory import ffmpeg, make


def test_alpha_in_a_layer_of_hevc(tmp_path: Path) -> None:
    """ffmpeg 9 decodes its ramp, which the FFmpeg inside PyAV leaves out: it came out opaque."""
    codec = ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
    path = make(tmp_path / "a.mov", frames=2, pixels="yuva420p", filters="geq=lum=99:a=X*2",
                codec=codec)  # fmt: skip
    shown = ffmpeg("-i", path, "-frames:v", 1, "-vf", "alphaextract", "-f", "rawvideo", "-")
    assert len(set(shown)) > 50
    with pytest.raises(MediaError, match="alpha in a layer of its own") as caught:
        probe_media(path)
    assert "-profile:v 4444" in caught.value.remedy


def test_the_raw_values_of_a_sensor(tmp_path: Path) -> None:
    raw = tmp_path / "a.raw"
    raw.write_bytes(bytes(range(256)) * 6 * 2)
    path = tmp_path / "a.nut"
    ffmpeg("-f", "rawvideo", "-pix_fmt", "bayer_rggb16le", "-s", "48x32", "-i", raw, "-c", "copy",
           path)  # fmt: skip
    with pytest.raises(MediaError, match="raw values of a camera's sensor"):
        probe_media(path)
