"""Join verified chunks into one movie with exact times, colour tags, timecode and sound."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from nle_style.errors import VerificationError
from nle_style.media.base import MediaInfo, OutputSpec
from nle_style.media.movie import file_url, movie_index, open_movie, video_stream
from nle_style.media.source import probe_media
from nle_style.media.write.encode import output_tags
from nle_style.media.write.matroska_aspect import state_pixel_aspect
from nle_style.media.write.mov_hdr import state_hdr_levels
from nle_style.media.write.tracks import (
    AudioTracks,
    SoundLog,
    SubtitleTracks,
    TracksPlan,
    chapters_within,
    sound_faults,
)
from nle_style.timecode import advance_timecode

__all__ = ["mux_movie", "put_packet"]

_ASPECT_ERROR = Fraction(1, 10_000)
_MATROSKA_CLOCK = Fraction(1, 1000)


@dataclass(frozen=True)
class _Clock:
    """The times of a movie's frames, in ticks of `time_base`, and their place in the source.

    Attributes:
        ticks: presentation time of each frame; the first is 0.
        end: tick at which the last one ends.
        source_start, source_end: seconds on the source's own clock.
    """

    time_base: Fraction
    ticks: tuple[int, ...]
    end: int
    source_start: Fraction
    source_end: Fraction


def _clock_of(source: MediaInfo, first: int, last: int) -> _Clock:
    """When frames `first` to `last` of a source are shown.

    Evenly at the source's rate (or the one that it is conformed to); where that is variable, with
    the source's own times.
    """
    count = last - first + 1
    if (
        source.kind != "movie"
        or not movie_index(source.path, source.stream).pts
        or source.conform is not None
    ):
        begin = _first_shown(source) + first / source.rate
        return _Clock(
            1 / source.rate, tuple(range(count)), count, begin, begin + count / source.rate
        )
    index = movie_index(source.path, source.stream)
    start = index.pts[first]
    more = last + 1 < len(index.pts)
    end = index.pts[last + 1] if more else index.pts[last] + index.last_duration
    bounds = (start * index.time_base, end * index.time_base)
    if not source.variable_rate:
        return _Clock(1 / source.rate, tuple(range(count)), count, *bounds)
    ticks = tuple(tick - start for tick in index.pts[first : last + 1])
    return _Clock(index.time_base, ticks, end - start, *bounds)


def _first_shown(source: MediaInfo) -> Fraction:
    """Seconds on the source's own clock at which its first frame is shown."""
    if source.kind != "movie" or not movie_index(source.path, source.stream).pts:
        return Fraction(0)
    index = movie_index(source.path, source.stream)
    return index.pts[0] * index.time_base


def mux_movie(
    path: Path,
    chunks: Sequence[Path],
    spec: OutputSpec,
    source: MediaInfo,
    first: int,
    last: int,
    metadata: Mapping[str, str],
    beside: TracksPlan,
) -> tuple[str, ...]:
    """Join chunks into the movie at `path`, with the source's sound, and verify it by reading.

    Returns: warnings about what the container could not take.
    Raises: VerificationError if what is read back differs; PyAV's errors; MediaError.
    """
    clock = _clock_of(source, first, last)
    whole = first == 0 and last == source.frame_count - 1
    video_digests: list[bytes] = []
    logs: dict[int, SoundLog] = {}
    with contextlib.ExitStack() as opened:
        tags = beside.companions.tags | dict(metadata)
        output = opened.enter_context(_open_output(path, spec, clock, tags))
        video = _add_video(opened, output, chunks[0], source, first)
        tracks = None
        if beside.sound.tracks:
            tracks = AudioTracks(
                opened.enter_context(open_movie(source.path)),
                output,
                beside.sound,
                start=clock.source_start,
                end=clock.source_end,
                whole=whole,
            )
            logs = {index: SoundLog() for index in tracks.output_indices}
        streams = [_video_packets(chunks, video, clock, video_digests)]
        if source.kind == "movie":
            other = opened.enter_context(open_movie(source.path))
            span = clock.source_start, clock.source_end
            output.set_chapters(chapters_within(other.chapters(), *span))
            subtitles = SubtitleTracks(other, output, beside.companions, *span)
            streams.append(subtitles.packets())
        if tracks:
            streams.append(tracks.packets())
        for _, packet in heapq.merge(*streams, key=lambda item: item[0]):
            if packet.stream.index in logs:
                logs[packet.stream.index].add(packet)
            put_packet(output, packet, path)
        warnings = tracks.notes(source.path) if tracks else []
    if spec.container == "matroska" and source.pixel_aspect != 1:
        state_pixel_aspect(path, source.pixel_aspect, source.width, source.height)
        stated = probe_media(path).pixel_aspect
        if stated != source.pixel_aspect:
            warnings.append(
                f"{source.path.name}: the pixel aspect in Matroska is {stated}, as near as can be "
                f"to {source.pixel_aspect}"
            )
    if spec.container == "mov" and source.hdr is not None:
        state_hdr_levels(path, source.hdr)
    _verify(path, spec, source, first, clock, video_digests, logs)
    return tuple(warnings)


def put_packet(output: OutputContainer, packet: Packet[Stream], path: Path) -> None:
    """Mux a packet into the movie at `path`.

    Raises: VerificationError if the container refuses it; OSError if the system does.
    """
    kind = packet.stream.type
    second = float((packet.pts or 0) * packet.time_base)
    try:
        output.mux(packet)
    except OSError:  # the system's, which ffmpeg hands on
        raise
    except av.error.FFmpegError as error:
        sound = kind == "audio"
        raise VerificationError(
            f"the {'sound' if sound else 'picture'} at {second:.3f} s (stream "
            f"{packet.stream.index}) cannot be stored in {output.format.name} "
            f"(ffmpeg says: {error})",
            where=str(path),
            remedy="Convert the sound first (ffmpeg -i IN -c:v copy -c:a pcm_s24le OUT), or choose "
            "another --format."
            if sound
            else "Choose another --format, and please report it with the source's details.",
        ) from error


def _open_output(
    path: Path, spec: OutputSpec, clock: _Clock, metadata: Mapping[str, str]
) -> OutputContainer:
    options = {"fflags": "+bitexact"}
    if spec.container == "mov":
        # The movie's own clock defaults to 1/1000 s, to which edit lists would be rounded.
        ticks = clock.time_base.denominator
        options["movie_timescale"] = str(ticks * -(-1000 // ticks))
        if metadata:
            options["movflags"] = "use_metadata_tags"
    output = av.open(file_url(path), "w", format=spec.container, container_options=options)
    output.metadata.update(metadata)
    return output


def _add_video(
    opened: contextlib.ExitStack,
    output: OutputContainer,
    chunk: Path,
    source: MediaInfo,
    first: int,
) -> VideoStream:
    template = opened.enter_context(open_movie(chunk))
    video = output.add_stream_from_template(video_stream(template, chunk))
    video.codec_context.framerate = source.rate
    # ProRes and DNxHR packets do not state it, so that the template does not have it.
    video.codec_context.sample_aspect_ratio = source.pixel_aspect
    if source.timecode is not None:
        video.metadata["timecode"] = advance_timecode(source.timecode, first, source.rate)
    if source.reel is not None:
        video.metadata["reel_name"] = source.reel
    return video


def _video_packets(
    chunks: Sequence[Path], video: VideoStream, clock: _Clock, digests: list[bytes]
) -> Iterator[tuple[float, Packet[Stream]]]:
    video.time_base = clock.time_base
    ends = (*clock.ticks[1:], clock.end)
    extradata: bytes | None = None
    for number, chunk in enumerate(chunks):
        with open_movie(chunk) as container:
            stream = video_stream(container, chunk)
            if number == 0:
                extradata = stream.codec_context.extradata
            elif stream.codec_context.extradata != extradata:
                raise VerificationError(
                    "was encoded with other settings than the chunks before it",
                    where=str(chunk),
                    remedy="Remove the work folder and render again.",
                )
            for packet in _packets(container, stream):
                frame = len(digests)
                digests.append(_digest(packet))
                packet.stream = video
                packet.time_base = clock.time_base
                packet.pts = packet.dts = clock.ticks[frame]
                packet.duration = ends[frame] - clock.ticks[frame]
                yield float(clock.ticks[frame] * clock.time_base), packet


def _packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Stream]]:
    return (packet for packet in container.demux(list(streams)) if packet.size)


def _digest(packet: Packet[Stream]) -> bytes:
    return hashlib.sha256(memoryview(packet)).digest()  # twice as fast as BLAKE2 where CPUs help


def _verify(
    path: Path,
    spec: OutputSpec,
    source: MediaInfo,
    first: int,
    clock: _Clock,
    video_digests: Sequence[bytes],
    logs: Mapping[int, SoundLog],
) -> None:
    """Read the movie back and compare everything that was meant to be in it."""
    info = probe_media(path)
    timecode = source.timecode and advance_timecode(source.timecode, first, source.rate)
    tags = output_tags(spec, source)
    if spec.codec == "dnxhd":  # its decoder tags RGB pictures as BT.709; the pixels are right
        tags = dataclasses.replace(tags, matrix=info.colour.matrix)
    if spec.codec == "png" and (tags.primaries, tags.transfer) == (7, 2):
        # Without a transfer PNG has chromaticities alone, which SMPTE 170M (6) and 240M (7) share.
        tags = dataclasses.replace(tags, primaries=info.colour.primaries)
    expected: dict[str, tuple[object, object]] = {
        "frame count": (info.frame_count, len(clock.ticks)),
        "size": ((info.width, info.height), (source.width, source.height)),
        "colour tags": (info.colour, tags),
        "timecode": (info.timecode, timecode),
        "HDR levels": (info.hdr, source.hdr if spec.container == "mov" else None),
        "audio streams": (len(info.audio), len(logs)),
    }
    if not source.variable_rate and len(clock.ticks) > 1:
        expected["rate"] = (info.rate, source.rate)
    near = _ASPECT_ERROR if spec.container == "matroska" else 0
    if abs(info.pixel_aspect / source.pixel_aspect - 1) > near:
        expected["pixel aspect"] = (info.pixel_aspect, source.pixel_aspect)
    found = {index: SoundLog() for index in logs}
    payloads: list[bytes] = []
    allowed = _MATROSKA_CLOCK / 2 if spec.container == "matroska" else Fraction(0)
    with open_movie(path) as container:
        video = video_stream(container, path)
        for packet in _packets(container, video, *container.streams.audio):
            if packet.stream.index in found:
                found[packet.stream.index].add(packet)
            elif packet.stream.index == video.index and packet.pts is not None:
                meant = clock.ticks[min(len(payloads), len(clock.ticks) - 1)] * clock.time_base
                if abs(packet.pts * packet.time_base - meant) > allowed:
                    expected[f"time of frame {len(payloads)}"] = (packet.pts, meant)
                payloads.append(_digest(packet))
    expected["video packets"] = (payloads == list(video_digests), True)
    expected["sound"] = (sound_faults(logs, found), [])
    for what, (read, meant_value) in expected.items():
        if read != meant_value:
            raise VerificationError(
                f"{what} reads back as {read}, not {meant_value}",
                where=str(path),
                remedy="Nothing was published; please report this with the source's details.",
            )
