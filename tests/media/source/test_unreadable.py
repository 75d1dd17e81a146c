"""Movies that decode to other pictures than they hold: refused, where they were painted."""

from __future__ import annotations

from pathlib import Path

import pytest

from nle_style.errors import MediaError
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rgb_md5


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


@pytest.mark.parametrize(("name", "code"), [("ictcp", 14), ("ycgco", 8), ("bt2020c", 10)])
def test_colour_differences_that_ffmpeg_does_not_convert(
    tmp_path: Path, name: str, code: int
) -> None:
    path = make(tmp_path / "a.mkv", frames=1, filters=f"setparams=colorspace={name}",
                codec=("-c:v", "ffv1"))  # fmt: skip
    with pytest.raises(MediaError, match=f"matrix {code} of H.273") as caught:
        probe_media(path)
    assert caught.value.where == str(path)


def test_an_oblique_display_matrix_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    ffmpeg("-display_rotation", 45, "-i", make(tmp_path / "b.mov", frames=1), "-c", "copy", path)
    with pytest.raises(MediaError, match="is turned by 315 degrees") as caught:
        probe_media(path)
    assert caught.value.where == str(path)


def test_a_turn_that_only_key_frames_state(tmp_path: Path) -> None:
    """By ffmpeg it holds until another is stated; frames behind a seek came out unturned."""
    path = tmp_path / "a.mov"
    plain = make(tmp_path / "b.mov", frames=6, codec=("-c:v", "libx264", "-bf", 0))
    turn = "h264_metadata=display_orientation=insert:flip=horizontal"
    ffmpeg("-i", plain, "-c", "copy", "-bsf:v", turn, path)
    read = [rgb_md5(pixels) for pixels in decoded_rgb(probe_media(path), 2, 5)]
    assert read == decoded_md5s(plain, "rgb24", filters="hflip")[2:]
