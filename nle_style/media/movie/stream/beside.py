"""What the decoder says of a frame beside its picture."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import cast

from av.buffer import Buffer
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame

from nle_style.media.base import HdrLevels

__all__ = ["has_dolby_vision", "hdr_levels", "icc_profile", "left_out", "side_data"]

# What is stated frame by frame and has no place in what is written.
_LEFT_OUT = {
    Type.A53_CC: "closed captions in the pictures (CEA-608/708)",
    Type.DYNAMIC_HDR_PLUS: "HDR10+ metadata",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid metadata",
    Type.DOVI_METADATA: "Dolby Vision metadata",
    Type.SPHERICAL: "the projection of a spherical video",
    Type.STEREO3D: "how its pictures hold two eyes",
}


def side_data(frame: VideoFrame) -> Mapping[Type, Buffer]:
    """By kind. The values refer to the frame: copy what is to be kept."""
    # `frame.side_data` would refer to the frame and be kept by it: a cycle, which would hold the
    # picture in memory until the garbage collector runs.
    own = SideDataContainer(frame)  # type: ignore[call-arg]  # the stub leaves out its constructor
    return cast("Mapping[Type, Buffer]", own)


def left_out(frame: VideoFrame) -> list[str]:
    """What the frame carries that nothing is written of."""
    found = side_data(frame)
    return [what for kind, what in _LEFT_OUT.items() if found.get(kind) is not None]


def has_dolby_vision(frame: VideoFrame) -> bool:
    """Whether the frame carries Dolby Vision metadata."""
    return side_data(frame).get(Type.DOVI_METADATA) is not None


def icc_profile(frame: VideoFrame) -> bytes | None:
    """The frame's ICC profile."""
    data = side_data(frame).get(Type.ICC_PROFILE)
    return None if data is None else bytes(data)


def hdr_levels(frame: VideoFrame) -> HdrLevels | None:
    """The frame's static HDR metadata.

    Source: AVMasteringDisplayMetadata and AVContentLightMetadata of ffmpeg's libavutil.
    """
    found = side_data(frame)
    display: tuple[int, ...] = ()
    mastering, light = (
        found.get(kind) for kind in (Type.MASTERING_DISPLAY_METADATA, Type.CONTENT_LIGHT_LEVEL)
    )
    if mastering is not None:
        numbers = struct.unpack("=22i", bytes(mastering)[:88])
        if all(numbers[20:]) and all(numbers[1:20:2]):
            ratios = list(zip(numbers[0:20:2], numbers[1:20:2], strict=True))
            points = [min(max(round(a * 50_000 / b), 0), 2**16 - 1) for a, b in ratios[:8]]
            low, high = (min(max(round(a * 10_000 / b), 0), 2**32 - 1) for a, b in ratios[8:])
            display = (*points, high, low)
    levels = struct.unpack("=2I", bytes(light)[:8]) if light is not None else ()
    levels = tuple(min(each, 2**16 - 1) for each in levels)
    return HdrLevels(display, levels) if display or levels else None
