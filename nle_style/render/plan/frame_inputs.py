"""What every frame of a rendered sequence was made from, so that a later render knows what changed.

A frame is identified by the number in its source file's name: when a sequence grows at its head,
the numbers stay and the positions of the frames move.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from nle_style.media.base import MediaInfo
from nle_style.render.plan.mattes import Matte
from nle_style.render.record import Sources
from nle_style.timecode import advance_timecode

__all__ = ["FrameInputs", "frame_inputs"]

_DIGITS = 32  # of a hash, as it is noted for every frame: 128 bits
_NOT_OF_THE_PICTURE = (
    *("path", "frame_count", "first_frame_number", "timecode"),
    *("notes", "found", "unlike"),
)


@dataclass(frozen=True)
class FrameInputs:
    """What the frames of one range of a sequence are made from, as the manifest notes it.

    Attributes:
        first_number: number in the name of the first frame's file.
        source: a hash of each frame's file (`record.fingerprint`), in order.
        mattes: for every matte, the lowest first, what it gives to each frame: the hash of the
            matte's file, with the frame's position if that file is a movie.
        picture: what the pictures have in common (size, rate, colour, …), as text by name.
        timecode: of the first frame, or None.
    """

    first_number: int
    source: list[str]
    mattes: list[list[str]]
    picture: dict[str, str]
    timecode: str | None

    def same_kind(self, other: FrameInputs, info: MediaInfo) -> bool:
        """Whether frames of both that have equal files are rendered to equal files.

        Args:
            info: the source of one of them, for its rate.
        """
        number = max(self.first_number, other.first_number)
        timecodes = [
            each.timecode and advance_timecode(each.timecode, number - each.first_number, info.rate)
            for each in (self, other)
        ]
        return self.picture == other.picture and timecodes[0] == timecodes[1]


def frame_inputs(
    info: MediaInfo, first: int, last: int, mattes: Iterable[Matte], sources: Sources
) -> FrameInputs:
    """What frames `first` to `last` of a sequence, inclusive, are made from.

    Args:
        info: the probed sequence.
        mattes: those of all layers, the lowest first.
        sources: of the job.
    """
    frames = range(first, last + 1)
    timecode = info.timecode
    return FrameInputs(
        first_number=info.first_frame_number + first,
        source=[sources.hash_of(info.file_of(frame))[:_DIGITS] for frame in frames],
        mattes=[[_matte_hash(matte, frame, sources) for frame in frames] for matte in mattes],
        picture={
            field.name: str(getattr(info, field.name))
            for field in dataclasses.fields(info)
            if field.name not in _NOT_OF_THE_PICTURE
        },
        timecode=timecode and advance_timecode(timecode, first, info.rate),
    )


def _matte_hash(matte: Matte, frame: int, sources: Sources) -> str:
    position = frame + matte.offset
    file = sources.hash_of(matte.info.file_of(position))[:_DIGITS]
    return f"{file}:{position}" if matte.info.kind == "movie" else file
