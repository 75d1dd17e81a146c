"""What the stand-in's nodes paint, and its Write: real EXR files by OpenImageIO.

Nuke counts rows from the bottom, EXR from the top: a box is (left, bottom, right, top) with the
right and top outside, and arrays begin with the topmost row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813

__all__ = ["Picture", "cropped", "halved", "spread", "write_exr"]

_EXR_NAMES = {"rgba.red": "R", "rgba.green": "G", "rgba.blue": "B", "rgba.alpha": "A"}


@dataclass(frozen=True)
class Picture:
    """Channels over a box, in a format that begins at 0, 0.

    Attributes:
        channels: full name ("rgba.red") -> height x width float32, the topmost row first.
        box: left, bottom, right, top.
        size: width and height of the format.
    """

    channels: Mapping[str, np.ndarray]
    box: tuple[int, int, int, int]
    size: tuple[int, int]


def cropped(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """Nuke's Crop without "black outside": beyond the input's box its edge is repeated."""
    left, bottom, right, top = picture.box
    columns = np.clip(np.arange(box[0], box[2]), left, right - 1) - left
    rows = top - 1 - np.clip(np.arange(box[3] - 1, box[1] - 1, -1), bottom, top - 1)
    channels = {name: plane[np.ix_(rows, columns)] for name, plane in picture.channels.items()}
    return Picture(channels, box, picture.size)


def halved(picture: Picture) -> Picture:
    """What the proxy mode would give."""
    channels = {name: plane[::2, ::2] for name, plane in picture.channels.items()}
    height, width = next(iter(channels.values())).shape
    x, y = picture.box[0] // 2, picture.box[1] // 2
    size = (picture.size[0] // 2, picture.size[1] // 2)
    return Picture(channels, (x, y, x + width, y + height), size)


def spread(picture: Picture, channel: str) -> Picture:
    """One channel as red, green and blue."""
    plane = picture.channels[channel]
    names = ("rgba.red", "rgba.green", "rgba.blue")
    return Picture({**picture.channels, **dict.fromkeys(names, plane)}, picture.box, picture.size)


def write_exr(path: Path, picture: Picture, *, half: bool, rgb_only: bool) -> None:
    """Write a picture as Nuke's Write does: data window from the box, display window the format."""
    names = [name for name in picture.channels if not rgb_only or _EXR_NAMES.get(name, "A") != "A"]
    planes = np.stack([picture.channels[name] for name in names], axis=2)
    height, width = planes.shape[:2]
    spec = oiio.ImageSpec(width, height, len(names), oiio.HALF if half else oiio.FLOAT)
    spec.channelnames = tuple(_EXR_NAMES.get(name, name) for name in names)
    spec.x, spec.y = picture.box[0], picture.size[1] - picture.box[3]
    spec.full_x = spec.full_y = 0
    spec.full_width, spec.full_height = picture.size
    spec.attribute("compression", "zips")
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec), writer.geterror()
    assert writer.write_image(np.ascontiguousarray(planes, np.float32)), writer.geterror()
    assert writer.close()
