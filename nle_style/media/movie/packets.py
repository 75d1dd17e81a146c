"""One pass over a movie's packets: what is there, when it is shown, and where it ends or breaks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar, cast

import av.container
import av.error
import av.video.stream
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext

from nle_style.media.movie.stream import has_hole

__all__ = ["ClockJump", "KeyPacket", "Packets", "demuxed", "read_packets"]

_Kind = TypeVar("_Kind", bound=Stream)

_VP8_SHOWN = 0x10  # RFC 6386, 9.1: the frame tag's show_frame bit
_LIVE = ("mpegts", "mpeg", "flv")  # recorded as they come, and joined byte by byte
# Seconds, as ffmpeg's -dts_delta_threshold and ts_discontinuity_detect() of fftools/ffmpeg_demux.c.
_FORWARD, _BACK = 10, Fraction(1, 10)
_FOREVER = 2**63  # ticks
_HEAD = 64  # bytes
_MAY_BEGIN_WITH_ZEROS = ("rawvideo", "r210", "r10k", "avrp", "v408", "ayuv", "y41p", "bitpacked")


@dataclass(frozen=True)
class KeyPacket:
    """A packet at which decoding can start: place in decoding order, clock ticks, and bytes."""

    position: int
    pts: int
    dts: int | None
    size: int


@dataclass(frozen=True)
class ClockJump:
    """After some frames a recording's clock goes back, or on by more than ten seconds."""

    frames: int
    before: Fraction
    after: Fraction


@dataclass
class Packets:
    """What one pass over all packets finds; of the video stream unless said otherwise.

    Attributes:
        shown: presentation ticks of the packets that will be shown, in decoding order.
        decoded: decoding ticks of the same.
        durations: ticks, by presentation tick.
        keys: packets at which decoding can start, in decoding order.
        positions: decoding-order place of a packet, the first one of several, by presentation tick.
        whole: decoding ticks of the last two packets that are known to be complete.
        until: byte at which the last packet ends, by its own size; 0 if that is not known.
        damaged: reading ended with an error, or with an incomplete packet.
        end: seconds at which the last packet of any stream ends.
        jump: the first one.
    """

    shown: list[int | None] = field(default_factory=list)
    decoded: list[int | None] = field(default_factory=list)
    durations: dict[int | None, int] = field(default_factory=dict)
    keys: list[KeyPacket] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    whole: tuple[int, ...] = ()
    until: int = 0
    damaged: bool = False
    end: Fraction = Fraction(0)
    jump: ClockJump | None = None


def demuxed(container: av.container.InputContainer, *streams: _Kind) -> Iterator[Packet[_Kind]]:
    """The packets of some streams, and an empty one of each at the end.

    After the last one PyAV 18.1 raises an IndexError where a stream has begun within the file (MPEG
    transport streams).
    """
    with suppress(IndexError):
        yield from cast("Iterator[Packet[_Kind]]", container.demux(list(streams)))


def read_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Packets:
    """Demux all of a movie; nothing is decoded."""
    found = _Reader(container, stream)
    try:
        for packet in demuxed(container, *container.streams):
            if packet.size == 0:
                continue
            found.note_end(packet)
            if packet.stream.index != stream.index:
                continue
            if _is_unwritten(packet, stream.codec_context):
                found.packets.damaged = True
                break
            found.packets.damaged = packet.is_corrupt
            found.packets.until = 0 if packet.pos is None else packet.pos + packet.size
            found.add(packet)
            if packet.dts is not None and not packet.is_corrupt:
                found.packets.whole = (*found.packets.whole[-1:], packet.dts)
    except av.error.FFmpegError:
        found.packets.damaged = True
    return found.packets


class _Reader:
    def __init__(
        self, container: av.container.InputContainer, stream: av.video.stream.VideoStream
    ) -> None:
        self.packets = Packets()
        self._live = container.format.name in _LIVE
        self._vp8 = stream.codec_context.name == "vp8"
        self._position = 0
        self._before: int | None = None
        self._latest = -_FOREVER

    def note_end(self, packet: Packet[Stream]) -> None:
        tick = packet.pts if packet.pts is not None else packet.dts
        if tick is not None and packet.time_base is not None:
            end = (tick + (packet.duration or 0)) * packet.time_base
            self.packets.end = max(self.packets.end, end)

    def add(self, packet: Packet[Stream]) -> None:
        """The next packet of the video stream."""
        found = self.packets
        self._position += 1
        if self._vp8 and not memoryview(packet)[0] & _VP8_SHOWN:
            return
        self._watch_clock(packet)
        if packet.pts is not None:
            found.positions.setdefault(packet.pts, self._position - 1)
            if packet.is_keyframe:
                key = KeyPacket(self._position - 1, packet.pts, packet.dts, packet.size)
                found.keys.append(key)
        if not packet.is_discard:
            found.shown.append(packet.pts)
            found.decoded.append(packet.dts)
            found.durations[packet.pts] = packet.duration or 0

    def _watch_clock(self, packet: Packet[Stream]) -> None:
        found, base = self.packets, packet.time_base
        if packet.dts is None or not self._live:
            return
        if self._before is not None and found.jump is None:
            step = (packet.dts - self._before) * base
            # Nothing that comes before a key frame is shown after it.
            again = packet.is_keyframe and packet.pts is not None and packet.pts <= self._latest
            if step < -_BACK or step > _FORWARD or again:
                before, after = self._before * base, packet.dts * base
                found.jump = ClockJump(len(found.shown), before, after)
        self._before = packet.dts
        if packet.pts is not None:
            self._latest = max(packet.pts, self._latest)


def _is_unwritten(packet: Packet[Stream], context: VideoCodecContext) -> bool:
    """Whether it was not written, or not all of it: space that a copy reserved and did not fill."""
    if not any(memoryview(packet)[:_HEAD]):
        return context.name not in _MAY_BEGIN_WITH_ZEROS
    return has_hole(context.name, context.extradata, packet)
