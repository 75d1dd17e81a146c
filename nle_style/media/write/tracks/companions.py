"""What goes with a movie's picture and sound: subtitles, chapters, the date of recording."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.subtitles.stream import SubtitleStream

from nle_style.media.movie import demuxed, open_movie

if TYPE_CHECKING:
    from av.container.core import Chapter

__all__ = ["CompanionPlan", "SubtitleTracks", "chapters_within", "plan_companions"]

_DATES = ("creation_time", "com.apple.quicktime.creationdate")
_EMPTY_TEXT = b"\0\0"  # a subtitle of no letters in MOV's own kind; its length comes first


@dataclass(frozen=True)
class CompanionPlan:
    """What becomes of what goes with a movie.

    Attributes:
        subtitles: indices of the streams whose packets are copied.
        tags: of the container: dates.
        notes: what is left out; each begins with the source's name.
    """

    subtitles: tuple[int, ...]
    tags: dict[str, str]
    notes: tuple[str, ...]


def plan_companions(path: Path, format: str) -> CompanionPlan:
    """What of a movie's subtitles, chapters, dates and other streams a container takes.

    Args:
        format: "mov" or "matroska"; "" for image sequences, which take none.
    Raises: MediaError if the movie cannot be opened.
    """
    subtitles, notes = [], []
    with open_movie(path) as container:
        for stream in container.streams:
            if stream.type == "subtitle":
                if format and _takes(format, stream):
                    subtitles.append(stream.index)
                else:
                    notes.append(f"subtitles (stream {stream.index}, {_name(stream)})")
            elif stream.type == "attachment":
                notes.append(f"an attached file (stream {stream.index})")
            elif stream.type == "data" and not _is_carried_otherwise(stream):
                notes.append(f"data (stream {stream.index}, {_name(stream)})")
            elif stream.type == "video" and stream.disposition & Disposition.attached_pic:
                notes.append(f"a cover picture (stream {stream.index})")
        if not format and container.chapters():
            notes.append("chapters")
        tags = {key: value for key, value in container.metadata.items() if key in _DATES}
    where = f"{format} holds none of these" if format else "an image sequence holds none"
    said = f"{path.name}: {', '.join(notes)} left out: {where}"
    return CompanionPlan(tuple(subtitles), tags if format else {}, (said,) if notes else ())


def _is_carried_otherwise(stream: Stream) -> bool:
    """A timecode track, or the text track of a MOV's chapters, which ffmpeg does not hand out."""
    return "timecode" in stream.metadata or stream.discard == Discard.all


def _name(stream: Stream) -> str:
    named = stream.codec_context or stream
    return getattr(named, "name", None) or "unknown"


def _takes(format: str, stream: Stream) -> bool:
    try:
        with av.open(io.BytesIO(), "w", format=format) as output:
            packet: Packet[Stream] = Packet(_EMPTY_TEXT)
            packet.stream = output.add_stream_from_template(stream)
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = 0
            packet.duration = 1000
            output.mux(packet)
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def chapters_within(chapters: Iterable[Chapter], start: Fraction, end: Fraction) -> list[Chapter]:
    """Chapters of a range of a movie, counted from its start; what lies outside is cut off.

    Args:
        start, end: seconds on the movie's own clock: [start, end).
    """
    kept: list[Chapter] = []
    for chapter in chapters:
        base = chapter["time_base"] or Fraction(1, 1000)
        begin, finish = (
            min(max(chapter[name] * base, start), end) - start for name in ("start", "end")
        )
        if finish > begin or (begin == finish < end - start and chapter["start"] * base >= start):
            kept.append(
                chapter
                | {
                    "id": len(kept) + 1,
                    "start": round(begin * 1000),
                    "end": round(finish * 1000),
                    "time_base": Fraction(1, 1000),
                }
            )
    return kept


class SubtitleTracks:
    """Copies planned subtitle streams of an opened source into an opened movie.

    Args:
        start, end: seconds on the source's clock shown by the frames: [start, end).
    """

    def __init__(
        self,
        container: InputContainer,
        output: OutputContainer,
        plan: CompanionPlan,
        start: Fraction,
        end: Fraction,
    ) -> None:
        self._container = container
        self._start, self._end = start, end
        self._outputs: dict[int, SubtitleStream] = {}
        for index in plan.subtitles:
            stream = cast(SubtitleStream, container.streams[index])
            added = output.add_stream_from_template(stream)
            added.metadata.update(stream.metadata)
            added.disposition = stream.disposition
            self._outputs[index] = added

    def packets(self) -> Iterator[tuple[float, Packet[Stream]]]:
        """(seconds since the first frame, packet): those that are shown within the range."""
        streams = [self._container.streams[index] for index in self._outputs]
        if not streams:
            return
        for packet in demuxed(self._container, *streams):
            if packet.size == 0 or packet.pts is None:
                continue
            base = packet.time_base
            begin = packet.pts * base - self._start
            finish = min(begin + (packet.duration or 0) * base, self._end - self._start)
            begin = max(begin, Fraction(0))
            if finish <= begin:
                continue
            packet.pts = packet.dts = round(begin / base)
            packet.duration = round(finish / base) - packet.pts
            packet.stream = self._outputs[packet.stream.index]
            yield float(begin), packet
