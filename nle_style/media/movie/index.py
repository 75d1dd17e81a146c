"""Which frames a movie shows, and when, so that frames can be named by number.

The frame counts that containers state may be wrong (edit lists, truncated copies, hidden frames),
and a frame number times a duration may give a neighbour's time (B-frames, start offsets,
millisecond clocks). So the presentation times of all packets that are shown are read once and
sorted: frame k is the k-th of them. Where packets are not frames (fields that are coded as
pictures of their own, pictures before the first that can be decoded) the decoder says which there
are.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

import av
import av.container
import av.error
import av.video.stream

from nle_style.errors import MediaError
from nle_style.media.movie.decoded_frames import (
    decoded_stamps,
    held_back,
    is_out_of_order,
    may_have_field_pairs,
    undecodable_frames,
)
from nle_style.media.movie.frame_times import (
    between,
    delayed,
    rate_of,
    shown_times,
    spread,
)
from nle_style.media.movie.packets import ClockJump, KeyPacket, Packets, read_packets
from nle_style.media.movie.stated import listed_frames, stated_end, stated_end_of_picture
from nle_style.media.movie.stream import has_coded_alpha, video_stream
from nle_style.media.movie.torn import torn_packet

__all__ = ["KeyPacket", "MovieIndex", "file_url", "movie_index", "open_movie"]

_Answer = TypeVar("_Answer")

_LOST = Fraction(9, 10)  # a file that ends so many frames before its stated end is truncated
_MOST_HELD = 16  # frames between one and what it is made of: ITU-T H.264, A.3.1, and H.265, A.4
_LATE = Fraction(1, 2)  # seconds; the end of everything is stated less exactly
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
class MovieIndex:
    """The frames a movie shows, in order.

    Attributes:
        time_base: seconds per tick of `pts`.
        pts: presentation ticks of the readable frames, ascending; frame k is shown at `pts[k]`.
            Empty when the stream carries no times (raw elementary streams).
        stamps: the ticks that those frames themselves state, ascending; two may be equal. Empty
            where they do not, or state others' times: frames are counted.
        readable: frames whose packets are in the file.
        frame_count: frames that the file should hold; above `readable` if it is truncated.
        rate: frames a second, exact; the average if `variable_rate`.
        variable_rate: the frames are not evenly spaced (by more than a tick or a millisecond).
        last_duration: ticks for which the last frame is shown.
        keys: packets that a seek can start from, ascending by `pts`.
        positions: decoding-order place of each packet, by its `pts`.
        left_out: frames before the first one, which cannot be decoded.
        notes: what of this was assumed, one clause each.
        found: where frames and times come from, as of `MediaInfo`.
    """

    time_base: Fraction
    pts: tuple[int, ...]
    stamps: tuple[int, ...]
    readable: int
    frame_count: int
    rate: Fraction
    variable_rate: bool
    last_duration: int
    keys: tuple[KeyPacket, ...]
    positions: dict[int, int]
    left_out: int = 0
    notes: tuple[str, ...] = ()
    found: tuple[tuple[str, str], ...] = ()

    def start_points(self, frame: int) -> Iterator[KeyPacket]:
        """Key packets to decode `frame` from, nearest first.

        Only those presented at or before it: a leading B-frame of an open GOP needs the GOP before.
        """
        if self.stamps:
            end = bisect_right(self.keys, self.stamps[frame], key=lambda key: key.pts)
            yield from reversed(self.keys[:end])

    def made_of(self, frame: int) -> int:
        """The last one of the frames that `frame` may be made of: that is decoded before it, and
        shown after it; itself if there is none, or if the frames state no times."""
        if self.stamps:
            place = self.positions.get(self.stamps[frame], 0)
            for other in range(min(frame + _MOST_HELD, len(self.stamps) - 1), frame, -1):
                if self.positions.get(self.stamps[other], place) < place:
                    return other
        return frame


@contextmanager
def open_movie(path: Path, *, decoders: bool = True) -> Iterator[av.container.InputContainer]:
    """Open a movie for reading; MediaError instead of PyAV's own errors; closed on the way out.

    No other file and no address is opened, whatever the movie says: see `_CONTAINERS`.

    Args:
        decoders: False: nothing is decoded while it is opened, so that its streams are described by
            the container alone, which the first frame's header would overrule.
    """
    options = _ONE_FILE if decoders else _ONE_FILE | {"codec_whitelist": "none"}
    try:
        container = av.open(
            file_url(path), "r", metadata_errors="replace", container_options=options
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


def movie_index(path: Path, stream: int | None = None) -> MovieIndex:
    """The index of a movie, read by demuxing all of it once (nothing is decoded) and then kept.

    Args:
        stream: as for `video_stream`.
    Raises: MediaError if it cannot be opened, has no video stream, or not one video packet.
    """
    status = path.stat()
    return _read_index(path, stream, status.st_mtime_ns, status.st_size)


class _Frames(NamedTuple):
    """The frames of a stream.

    Attributes:
        times: ticks at which they are shown, ascending; empty if nothing says so.
        number: of frames.
        stamps: ticks that they state themselves, ascending; empty if they do not.
        paired: two packets may be one frame.
        left_out, notes, found: as of `MovieIndex`.
    """

    times: list[int]
    number: int
    stamps: list[int]
    paired: bool
    left_out: int
    notes: list[str]
    found: tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=64)
def _read_index(path: Path, wanted: int | None, modified: int, size: int) -> MovieIndex:
    with open_movie(path) as container:
        stream = video_stream(container, path, wanted)
        packets = read_packets(container, stream)
        torn = torn_packet(container.format.name, path, size, packets.until)
        if torn == "last":
            packets.damaged = True
            packets.whole = packets.whole[: min(1, len(packets.shown) - 1)]
        only_a_part = packets.damaged and not packets.whole and len(packets.shown) == 1
        if not packets.shown or only_a_part:
            raise MediaError(
                "holds no frame that can be read",
                where=str(path),
                remedy="The file is empty or cut off; copy it again from the original.",
                outcome="damaged",
            )
        if packets.jump is not None:
            raise _joined(packets.jump, path)
        frames = _frames(path, stream, packets, container.format.name)
        times, notes = frames.times, frames.notes
        time_base = stream.time_base or Fraction(1, 1)
        lost = max(0, listed_frames(container, stream) - len(packets.shown))
        if torn == "next":
            lost = max(lost, 1)
        expected = frames.number + lost
        if packets.damaged or lost:
            times = _certain(times, packets)
        rate, variable = rate_of(stream, times, time_base)
        starts = packets.decoded if container.format.name == "avi" else packets.shown
        begin = min((tick for tick in starts if tick is not None), default=0) * time_base
        picture = stated_end_of_picture(container, stream, begin)
        everything = stated_end(container, path)
        short = (picture - _end(packets, rate, time_base)) * rate > _LOST
        if times and (short or everything - packets.end > _LATE):
            times = _certain(times, packets)
            rate, variable = rate_of(stream, times, time_base)
            stated = round(((picture or everything) - begin) * rate) - frames.left_out
            expected = max(expected, len(times) + 1, stated)
        # MPEG program streams give packets other times after a seek than before it. Alpha beside
        # the packets has key frames of its own.
        seekable = container.format.name != "mpeg" and not has_coded_alpha(stream)
    if not times:
        notes.append(f"it states no times; its frames are taken as {float(rate):.5g} a second")
    stamps = tuple(frames.stamps[: len(times)])
    if variable and len(set(times)) < len(times):
        doubled = len(times) - len(set(times))
        notes.append(f"{doubled} of its frames state the time of the one before; they follow it")
        times = spread(times)
    last_duration = packets.durations.get(stamps[-1], 0) if stamps and not frames.paired else 0
    single = {tick for tick, count in Counter(stamps).items() if count == 1}
    keys = [key for key in packets.keys if key.pts in single] if seekable else []
    return MovieIndex(
        time_base=time_base,
        pts=tuple(times),
        stamps=stamps,
        readable=len(times) if frames.times else frames.number,
        frame_count=expected,
        rate=rate,
        variable_rate=variable,
        last_duration=last_duration or max(1, round(1 / rate / time_base)),
        keys=tuple(sorted(keys, key=lambda key: key.pts)),
        positions=packets.positions,
        left_out=frames.left_out,
        notes=tuple(notes),
        found=frames.found,
    )


def _frames(
    path: Path, stream: av.video.stream.VideoStream, packets: Packets, format: str
) -> _Frames:
    """What the packets show; where they are not frames, or only some of them have times, what the
    decoder makes of them."""
    shown, decoded = packets.shown, packets.decoded
    paired = _anew(path, stream, may_have_field_pairs)
    if paired:
        shown = decoded = _anew(path, stream, decoded_stamps)
    times, stamped = shown_times(shown, decoded)
    if stamped and not paired and _anew(path, stream, is_out_of_order, packets):
        stamped = False
    begin, early, notes = 0, 0, []
    if not times and None in shown and shown[0] is not None:
        # Matroska states no time before 0, where leading pictures lie that a cut left undecodable.
        stated = sorted(tick for tick in shown if tick is not None)
        if sorted(_anew(path, stream, decoded_stamps), key=_or_never) == stated:
            times, stamped, early = stated, True, shown.count(None)
    some = not times and any(tick is not None for tick in shown)
    if some:  # not every picture of a program or transport stream needs to have a time
        shown = decoded = _anew(path, stream, decoded_stamps)
        rate, _ = rate_of(stream, [], Fraction(1))
        times = between(shown, 1 / rate / (stream.time_base or Fraction(1)))
    if stamped and not paired:
        begin = _anew(path, stream, undecodable_frames, packets)
    left_out = begin + early
    if left_out:
        notes.append(
            f"its first {left_out} frames refer to others before them, which are not in the "
            "file; it begins after them"
        )
    by = "the packets and, at the beginning, the decoder" if left_out else "the packets"
    when = "the frames" if stamped else "the order of decoding" if times else "the rate"
    if some:
        when = "some of the frames"
    found = (("frames", "the decoder" if paired or some else by), ("times", when))
    stamps = times[begin:] if stamped else []
    ticks = [tick for tick in decoded if tick is not None]
    if format == "avi" and times and len(ticks) == len(times):
        times = delayed(ticks, _anew(path, stream, held_back))  # PyAV guesses times of showing
    return _Frames(times[begin:], len(shown) - left_out, stamps, paired, left_out, notes, found)


def _or_never(tick: int | None) -> float:
    return math.inf if tick is None else tick


def _anew(
    path: Path, stream: av.video.stream.VideoStream, ask: Callable[..., _Answer], *more: Packets
) -> _Answer:
    """What a function says of a stream that is opened anew, at its beginning."""
    with open_movie(path) as container:
        return ask(container, container.streams[stream.index], *more)


def _joined(jump: ClockJump, path: Path) -> MediaError:
    return MediaError(
        f"its clock goes from {float(jump.before):.3f} s to {float(jump.after):.3f} s after frame "
        f"{jump.frames - 1}: recordings were joined, each with a clock of its own",
        where=str(path),
        remedy="Give it one clock first: ffmpeg -i IN -c copy OUT.mkv.",
    )


def _end(packets: Packets, rate: Fraction, time_base: Fraction) -> Fraction:
    """Seconds at which the last frame in the file ends."""
    ticks = [tick for tick in (*packets.shown, *packets.decoded) if tick is not None]
    last = max(ticks, default=0)
    return last * time_base + (packets.durations.get(last, 0) * time_base or 1 / rate)


def _certain(times: list[int], packets: Packets) -> list[int]:
    """The frames of a truncated file before which no frame is missing.

    A missing packet would be decoded after the last one in the file, and is shown after it is
    decoded. So up to the decoding time of that last packet no frame is missing.
    """
    end = packets.whole[-1:]
    return [tick for tick in times if tick <= end[0]] if end else times
