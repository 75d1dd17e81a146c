"""Which frames a movie shows, and when, so that frames can be named by number.

The frame counts that containers state may be wrong (edit lists, truncated copies, hidden frames),
and a frame number times a duration may give a neighbour's time (B-frames, start offsets,
millisecond clocks). So the presentation times of all packets that are shown are read once and
sorted: frame k is the k-th of them.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import av.stream
import av.video.stream

from nle_style.errors import MediaError

__all__ = ["KeyPacket", "MovieIndex", "file_url", "movie_index", "open_movie", "video_stream"]

_NTSC = Fraction(1000, 1001)
_SNAP = Fraction(1, 10_000)
_LOST = 0.9  # a file that ends this many frames before its stated end counts as truncated
_TS_PACKETS = (188, 192, 204)  # ISO/IEC 13818-1; with a time stamp; with error correction
_MILLISECOND = Fraction(1, 1000)
_VP8_SHOWN = 0x10  # RFC 6386, 9.1: the frame tag's show_frame bit
# ffmpeg goes by contents: a playlist (HLS, DASH, ffconcat, SDP) called x.mp4 would have it read the
# files and addresses that it names. These keep all of their pictures in the one file.
_CONTAINERS = (
    *("apng", "asf", "av1", "avi", "avs2", "cavsvideo", "cine", "dirac", "dnxhd", "dv", "flv"),
    *("gif", "gxf", "h261", "h263", "h264", "hevc", "ivf", "lxf", "m4v", "matroska", "mjpeg"),
    *("mjpeg_2000", "mov", "mpeg", "mpegts", "mpegvideo", "mxf", "nut", "nuv", "obu", "ogg", "r3d"),
    *("rm", "vc1", "vvc", "wtv", "yuv4mpegpipe"),
    # Files of sound alone, so that the message can say that they have no video stream.
    *("aac", "aiff", "caf", "flac", "mp3", "w64", "wav"),
)
_ONE_FILE = {"protocol_whitelist": "file", "format_whitelist": ",".join(_CONTAINERS)}


@dataclass(frozen=True)
class KeyPacket:
    """A packet at which decoding can start: place in decoding order, clock ticks, and bytes."""

    position: int
    pts: int
    dts: int | None
    size: int


@dataclass(frozen=True)
class MovieIndex:
    """The frames a movie shows, in order.

    Attributes:
        time_base: seconds per tick of `pts`.
        pts: presentation ticks of the readable frames, ascending; frame k has `pts[k]`.
            Empty when the stream carries no times (raw elementary streams): frames are counted.
        readable: frames whose packets are in the file.
        frame_count: frames that the file should hold; above `readable` if it is truncated.
        rate: frames a second, exact; the average if `variable_rate`.
        variable_rate: the frames are not evenly spaced (by more than a tick or a millisecond).
        last_duration: ticks for which the last frame is shown.
        keys: packets that a seek can start from, ascending by `pts`.
        positions: decoding-order place of each packet, by its `pts`.
    """

    time_base: Fraction
    pts: tuple[int, ...]
    readable: int
    frame_count: int
    rate: Fraction
    variable_rate: bool
    last_duration: int
    keys: tuple[KeyPacket, ...]
    positions: dict[int, int]

    def start_points(self, frame: int) -> Iterator[KeyPacket]:
        """Key packets to decode `frame` from, nearest first.

        Only those presented at or before it: a leading B-frame of an open GOP needs the GOP before.
        """
        if self.pts:
            end = bisect_right(self.keys, self.pts[frame], key=lambda key: key.pts)
            yield from reversed(self.keys[:end])


@contextmanager
def open_movie(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a movie for reading; MediaError instead of PyAV's own errors; closed on the way out.

    No other file and no address is opened, whatever the movie says: see `_CONTAINERS`.
    """
    try:
        container = av.open(
            file_url(path), "r", metadata_errors="replace", container_options=_ONE_FILE
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            "not a movie or image that ffmpeg/OpenImageIO can read",
            where=str(path),
            remedy="Check the file in a player, or export it again; playlists are not followed "
            f"(ffmpeg says: {error}).",
        ) from error
    try:
        yield container
    finally:
        container.close()


def file_url(path: Path) -> str:
    """A path as ffmpeg takes it for a file's, whatever it begins with (`data:x.mov`, `-rf.mov`).

    Source: ffmpeg-protocols, `file`.
    """
    return f"file:{path}"


def video_stream(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    """The first video stream that is not a cover picture. MediaError if there is none."""
    pictures = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    for stream in container.streams.video:
        if stream.disposition & pictures:
            continue
        if stream.codec_context is None:
            raise MediaError(
                "its video codec is not one that ffmpeg can decode",
                where=str(path),
                remedy="Transcode the clip to ProRes, DNxHR or H.264 first.",
            )
        return stream
    raise MediaError(
        "has no video stream",
        where=str(path),
        remedy="Give a clip with pictures; cover art is not counted as video.",
    )


def movie_index(path: Path) -> MovieIndex:
    """The index of a movie, read by demuxing all of it once (nothing is decoded) and then kept.

    Raises: MediaError if it cannot be opened, has no video stream, or not one video packet.
    """
    status = path.stat()
    return _read_index(path, status.st_mtime_ns, status.st_size)


@dataclass
class _Packets:
    """What one pass over a stream's packets finds.

    Attributes:
        shown: presentation ticks of the packets that will be shown, in decoding order.
        whole_until: decoding tick of the last packet that is known to be complete.
        damaged: reading ended with an error, or with an incomplete packet.
    """

    shown: list[int | None] = field(default_factory=list)
    durations: dict[int | None, int] = field(default_factory=dict)
    keys: list[KeyPacket] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    whole_until: int | None = None
    damaged: bool = False


def _demux(
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    *,
    last_is_suspect: bool,
) -> _Packets:
    found = _Packets()
    position = 0
    decoding: list[int] = []
    codec = stream.codec_context.name
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            found.damaged = packet.is_corrupt or last_is_suspect
            if codec == "vp8" and not bytes(packet)[0] & _VP8_SHOWN:
                position += 1
                continue
            if packet.pts is not None:
                found.positions.setdefault(packet.pts, position)
                if packet.is_keyframe:
                    key = KeyPacket(position, packet.pts, packet.dts, packet.size)
                    found.keys.append(key)
            if not packet.is_discard:
                found.shown.append(packet.pts)
                found.durations[packet.pts] = packet.duration or 0
            if packet.dts is not None and not packet.is_corrupt:
                decoding = [*decoding[-1:], packet.dts]
            position += 1
    except av.error.FFmpegError:
        found.damaged = True
    if decoding:
        found.whole_until = decoding[0] if last_is_suspect else decoding[-1]
    return found


@functools.lru_cache(maxsize=64)
def _read_index(path: Path, modified: int, size: int) -> MovieIndex:
    with open_movie(path) as container:
        stream = video_stream(container, path)
        torn = "mpegts" in container.format.name and all(size % row for row in _TS_PACKETS)
        packets = _demux(container, stream, last_is_suspect=torn)
        shown = packets.shown
        if not shown:
            raise MediaError(
                "holds no frame that can be read",
                where=str(path),
                remedy="The file is empty or cut off; copy it again from the original.",
            )
        time_base = stream.time_base or Fraction(1, 1)
        times = sorted({tick for tick in shown if tick is not None})
        timed = None not in shown and len(times) == len(shown)
        if not timed:
            times = []
        expected = max(len(shown), _listed_frames(container, stream))
        if packets.damaged or expected > len(shown):
            times = _certain(times, packets)
        rate, variable = _rate_of(stream, times, time_base)
        stated = _stated_end(container, stream)
        if times and (stated - _end(packets, rate, time_base)) * rate > _LOST:
            begin = times[0] * time_base
            times = _certain(times, packets)
            rate, variable = _rate_of(stream, times, time_base)
            expected = max(expected, round((stated - begin) * rate))
        last_duration = packets.durations.get(times[-1], 0) if times else 0
        # MPEG program streams give packets other times after a seek than before it.
        seekable = container.format.name != "mpeg"
    return MovieIndex(
        time_base=time_base,
        pts=tuple(times),
        readable=len(times) if timed else len(shown),
        frame_count=expected,
        rate=rate,
        variable_rate=variable,
        last_duration=last_duration or max(1, round(1 / rate / time_base)),
        keys=tuple(sorted(packets.keys, key=lambda key: key.pts)) if seekable else (),
        positions=packets.positions,
    )


def _end(packets: _Packets, rate: Fraction, time_base: Fraction) -> Fraction:
    """Seconds at which the last frame in the file ends."""
    last = max(packets.positions)
    return last * time_base + (packets.durations.get(last, 0) * time_base or 1 / rate)


def _certain(times: list[int], packets: _Packets) -> list[int]:
    """The frames of a truncated file before which no frame is missing.

    A missing packet would be decoded after the last one in the file, and is shown after it is
    decoded. So up to the decoding time of that last packet no frame is missing.
    """
    end = packets.whole_until
    return times if end is None else [tick for tick in times if tick <= end]


def _listed_frames(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> int:
    """Frames listed in the header of MOV and MP4, truncated or not; 0 for other containers."""
    if "mov" not in container.format.name:
        return 0
    return sum(not entry.is_discard for entry in stream.index_entries)


def _stated_end(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> Fraction:
    """Seconds at which Matroska's DURATION tag says that the track ends; 0 if it does not."""
    parts = stream.metadata.get("DURATION", "").split(":")
    if "matroska" not in container.format.name or len(parts) != 3:
        return Fraction(0)
    return int(parts[0]) * 3600 + int(parts[1]) * 60 + Fraction(parts[2])


def _snap(rate: Fraction) -> Fraction:
    """The whole or N*1000/1001 rate within 1e-4 of a container's value, else the value itself."""
    for exact in (Fraction(round(rate)), round(rate / _NTSC) * _NTSC):
        if exact > 0 and abs(exact - rate) < _SNAP:
            return exact
    return rate


def _rate_of(
    stream: av.video.stream.VideoStream, times: list[int], time_base: Fraction
) -> tuple[Fraction, bool]:
    """The exact rate, and whether the frames keep it.

    A candidate holds if every frame is within one tick, or the millisecond to which Matroska
    rounds, of its place on the even grid. Stated rates come before those guessed from the times.
    """
    stated = [rate for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate) if rate]
    exact = [_snap(rate) for rate in stated]
    if len(times) < 2:
        return (exact[0] if exact else Fraction(25)), False
    average = Fraction(len(times) - 1) / ((times[-1] - times[0]) * time_base)
    rounded = (Fraction(round(average)), round(average / _NTSC) * _NTSC)
    allowed = max(Fraction(1), _MILLISECOND / time_base)
    for rate in (*exact, *sorted(rounded, key=lambda rate: abs(rate - average)), average):
        if rate <= 0:
            continue
        step = 1 / rate / time_base
        if all(abs(tick - times[0] - k * step) <= allowed for k, tick in enumerate(times)):
            return rate, False
    return _snap(average), True
