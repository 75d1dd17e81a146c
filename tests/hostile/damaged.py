"""Small real files, damaged by chance; and a program that reads such files and says what it saw.

python -m tests.hostile.damaged FILES...
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np

from nle_style.errors import NleStyleError
from nle_style.media.source import check_fields, check_frames, decoded_rgb, probe_media
from tests.helpers.media_factory import TAGS, ffmpeg

__all__ = ["KINDS", "damaged", "make_whole"]

_X264 = "-c:v libx264 -g 3 -bf 1 -pix_fmt yuv420p"
KINDS = {
    "mov": "-c:v prores_ks -pix_fmt yuv422p10le -timecode 01:00:00:00 -c:a pcm_s16le",
    "mp4": f"{_X264} -c:a aac",
    "mkv": "-c:v ffvhuff -pix_fmt yuv420p -c:a flac",
    "webm": "-c:v libvpx-vp9 -pix_fmt yuv420p -an",
    "avi": "-c:v huffyuv -pix_fmt yuv422p -c:a pcm_s16le",
    "mxf": "-c:v mpeg2video -pix_fmt yuv420p -c:a pcm_s16le",
    "ts": f"{_X264} -an",
    "png": "-c:v png -pix_fmt rgb24",
    "exr": "-c:v exr -format half -compression zip1 -pix_fmt gbrpf32le",
    "dpx": "-c:v dpx -pix_fmt rgb24",
    "tif": "-c:v tiff -compression_algo raw -pix_fmt rgb24",
    "jpg": "-c:v mjpeg -pix_fmt yuvj444p",
}
"""By suffix: how a file of five pictures, or an image, is coded."""
_IMAGES = ("png", "exr", "dpx", "tif", "jpg")
_MEMORY = 8 << 30  # addresses, of which little is taken
_CPU = 600  # seconds for all files


def make_whole(folder: Path) -> dict[str, Path]:
    """An undamaged file of each kind."""
    picture = "testsrc2=s=48x32:r=25:d=0.2"
    tone = "sine=f=1000:r=48000:d=0.2"
    outputs: list[object] = []
    paths = {kind: folder / f"whole.{kind}" for kind in KINDS}
    for kind, options in KINDS.items():
        tags = f"format={options.split('-pix_fmt ')[1].split()[0]}"
        tags += f",{TAGS}" if "yuv4" in tags else ""
        one = ("-frames:v", 1, "-update", 1) if kind in _IMAGES else ("-map", "1:a")
        # Without dates and random numbers, so that the same bytes are damaged in every run.
        exact = ("-threads", 1, "-bitexact")
        outputs += ["-map", "0:v", *one, "-vf", tags, *options.split(), *exact, paths[kind]]
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *outputs)
    return paths


def damaged(whole: bytes, seed: str) -> bytes:
    """A file cut short, with other bytes in it, or with a part of it elsewhere.

    Args:
        seed: the same gives the same.
    """
    chance = random.Random(seed)
    data = bytearray(whole)
    how = chance.choice(("truncate", "flip", "flip", "splice", "zero"))
    # Most of a header is at the beginning, of MOV and MKV some at the end.
    span = chance.choice((min(64, len(data)), min(1000, len(data)), len(data)))
    begin = 0 if chance.random() < 0.7 else len(data) - span
    place = begin + chance.randrange(span)
    if how == "truncate":
        del data[place:]
    elif how == "flip":
        for _ in range(chance.randint(1, 4)):
            byte = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
            data[begin + chance.randrange(span)] = byte
    elif how == "zero":
        length = min(chance.randint(1, 200), len(data) - place)
        data[place : place + length] = bytes(length)
    else:
        start = chance.randrange(len(data))
        part = data[start : start + chance.randint(1, 300)]
        end = place + (len(part) if chance.random() < 0.5 else 0)
        data[place:end] = part
    return bytes(data)


def _read(path: Path) -> dict[str, object]:
    """What a render would begin with: hashes of all frames, or the error."""
    try:
        info = probe_media(path)
        check_fields(info)
        check_frames(info, 0, info.frame_count - 1)
        hashes = []
        kind = ""
        for frame in decoded_rgb(info):
            kind = str(frame.dtype)
            hashes.append(hashlib.md5(np.ascontiguousarray(frame).tobytes()).hexdigest())  # noqa: S324
    except NleStyleError as error:
        return {"error": str(error)}
    except BaseException as error:
        return {"defect": f"{type(error).__name__}: {error}"}
    return {"frames": hashes, "kind": kind, "size": [info.width, info.height]}


def _peak_mb() -> int:
    # ru_maxrss is kept over an exec: it would be that of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def _main(names: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    for name in names:
        print(json.dumps({"name": name}), flush=True)
        begin = time.process_time()
        said = _read(Path(name))
        said |= {"name": name, "seconds": time.process_time() - begin}
        said["peak_mb"] = _peak_mb()
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _main(sys.argv[1:])
