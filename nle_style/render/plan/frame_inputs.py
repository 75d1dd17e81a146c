"""What every frame of a rendered sequence was made from, so that a later render knows what changed.

A frame is known by the number in its source file's name: a sequence that grows at its head keeps
its numbers, while the places of its frames move.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nle_style.media.base import MediaInfo, advance_timecode
from nle_style.render.plan.mattes import Matte
from nle_style.render.record import SourceHashes

__all__ = ["FrameInputs", "frame_inputs"]

_DIGITS = 32  # of a hash, as it is noted for every frame: 128 bits
_OF_THE_PLACE = ("path", "frame_count", "first_frame_number", "timecode")


@dataclass(frozen=True)
class FrameInputs:
    """What the frames of one range of a sequence are made from.

    Attributes:
        first_number: number in the name of the first frame's file.
        source: a hash of each frame's file (`manifest.fingerprint`), in order.
        mattes: for every matte, the lowest first, what it gives to each frame: the hash of the
            matte's file, with its frame's place if that file is a movie.
        picture: what the pictures have in common (size, rate, colour, …), as text by name.
        timecode: of the first frame, or None.
    """

    first_number: int
    source: tuple[str, ...]
    mattes: tuple[tuple[str, ...], ...]
    picture: dict[str, str]
    timecode: str | None

    def as_data(self) -> dict[str, Any]:
        """As the manifest notes it."""
        return dataclasses.asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> FrameInputs:
        """From what the manifest noted."""
        return cls(
            first_number=data["first_number"],
            source=tuple(data["source"]),
            mattes=tuple(tuple(matte) for matte in data["mattes"]),
            picture=data["picture"],
            timecode=data["timecode"],
        )

    def same_kind(self, other: FrameInputs, info: MediaInfo) -> bool:
        """Whether frames of both, where their files are equal, are rendered to equal files.

        Args:
            info: the source of one of them, for its rate.
        """
        if self.picture != other.picture or (self.timecode is None) != (other.timecode is None):
            return False
        if self.timecode is None or other.timecode is None:
            return True
        number = max(self.first_number, other.first_number)
        one, two = (
            advance_timecode(each.timecode or "", number - each.first_number, info.rate)
            for each in (self, other)
        )
        return one == two

    def matte_parts(self, index: int) -> tuple[str, ...]:
        """What every matte gives to the frame at an index within the range."""
        return tuple(matte[index] for matte in self.mattes)


def frame_inputs(
    info: MediaInfo, first: int, last: int, mattes: Sequence[Matte], hashed: SourceHashes
) -> FrameInputs:
    """What frames `first` to `last` of a sequence, inclusive, are made from.

    Args:
        info: the probed sequence.
        mattes: those of the item and of its layers, the lowest first.
        hashed: of the job.
    """
    timecode = info.timecode
    return FrameInputs(
        first_number=info.first_frame_number + first,
        source=tuple(hashed.of(info.file_of(frame))[:_DIGITS] for frame in range(first, last + 1)),
        mattes=tuple(
            tuple(_matte_hash(matte, frame, hashed) for frame in range(first, last + 1))
            for matte in mattes
        ),
        picture={
            field.name: str(getattr(info, field.name))
            for field in dataclasses.fields(info)
            if field.name not in _OF_THE_PLACE
        },
        timecode=None if timecode is None else advance_timecode(timecode, first, info.rate),
    )


def _matte_hash(matte: Matte, frame: int, hashed: SourceHashes) -> str:
    file = hashed.of(matte.info.file_of(frame + matte.offset))[:_DIGITS]
    return f"{file}:{frame + matte.offset}" if matte.info.kind == "movie" else file
