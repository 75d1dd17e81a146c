"""The pixel aspect of a Matroska file, which PyAV cannot set and the ffmpeg program can."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from nle_style.durable import replacing
from nle_style.errors import OutputError
from nle_style.media.movie import file_url

__all__ = ["state_pixel_aspect"]


def state_pixel_aspect(path: Path, aspect: Fraction, width: int, height: int) -> None:
    """Put the pixel aspect in a Matroska file's header; its packets and times stay as they are.

    The file is copied once, in its folder, because the header has no room for another element.
    ffmpeg takes the picture's shape as a fraction of numbers up to 255. That is exact for 4:3 and
    16:9 pictures, and within a part in ten thousand for others.

    Args:
        aspect: width / height of a pixel.
        width, height: of the picture, in pixels.
    Raises: OutputError if ffmpeg fails, as on a full disk.
    Source: RFC 9559, 5.1.4.1.28.12 (DisplayWidth); ffmpeg's `-aspect` for copied streams.
    """
    shape = aspect * width / height
    with replacing(path) as copy:
        command = [
            *(get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-copyts", "-i", file_url(path)),
            *("-map", "0", "-c", "copy", "-map_metadata", "0", "-fflags", "+bitexact", "-aspect"),
            *(f"{shape.numerator}:{shape.denominator}", "-f", "matroska", file_url(copy)),
        ]
        # In a session of its own: an interrupt at the terminal must not end ffmpeg.
        done = subprocess.run(command, capture_output=True, check=False, start_new_session=True)
        if done.returncode != 0:
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise OutputError(
                f"its pixel aspect cannot be written ({''.join(reason) or done.returncode})",
                where=str(path.parent),
                remedy="Check the space and the rights in the folder, then run it again.",
            )
