"""Copy a source's sound into a movie, packet by packet, in sync with a range of frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

__all__ = ["AudioTracks", "audio_payload"]

_SEEK_BACK = 2  # seconds before the range to begin looking for its packets
_ONLY_IN_MP4 = ("flac", "opus", "truehd")  # the MOV muxer takes them and fails at its header
_PCM_OF = {"s16": "pcm_s16le", "s32": "pcm_s24le", "flt": "pcm_f32le", "dbl": "pcm_f64le"}


def _plain_name(stream: AudioStream) -> str:
    return stream.codec_context.name.removeprefix("lib")


def audio_payload(packet: Packet[Stream]) -> bytes:
    """A packet's coded sound, without the ADTS header that AAC carries in transport streams.

    MOV and Matroska keep what that header says once, for the whole stream, so the muxer strips it.
    Raw AAC never begins with its sync word. Source: ISO/IEC 14496-3, 1.A.2.2 (adts_fixed_header).
    """
    data = bytes(packet)
    if len(data) > 9 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data


@dataclass
class _Track:
    source: AudioStream
    output: Stream
    resampler: AudioResampler | None  # None: packets are copied as they are

    @property
    def preroll(self) -> bool:
        """Whether a packet needs the one before it to sound right (transform codecs do)."""
        return not self.source.codec_context.name.startswith("pcm_")


class AudioTracks:
    """Copies all audio streams of an opened source into an opened movie.

    Copied packets keep their bytes. Sound of a codec that the container cannot hold is decoded to
    PCM of its own precision (16- or 24-bit integer, 32-bit float) without loss, and a warning says
    so. A partial range is cut between packets. MOV's edit list hides the part of a packet before
    the range, so that the first sample heard is that of the first frame.

    Args:
        start, end: seconds on the source's clock shown by the frames: [start, end).
        whole: the range is the whole clip; every packet is kept, also those beyond the picture.
    """

    def __init__(
        self,
        container: InputContainer,
        output: OutputContainer,
        path: Path,
        *,
        start: Fraction,
        end: Fraction,
        whole: bool,
    ) -> None:
        self._container = container
        self._start, self._end, self._whole = start, end, whole
        self._negative = output.format.name != "matroska"  # which has no edit lists
        self._tracks: dict[int, _Track] = {}
        self.warnings: list[str] = []
        known = [stream for stream in container.streams.audio if stream.codec_context is not None]
        for stream in container.streams.audio:
            if stream not in known:
                self.warnings.append(
                    f"{path.name}: audio stream {stream.index} is unknown; left out"
                )
                continue
            self._tracks[stream.index] = self._add(stream, output, path)

    @property
    def output_indices(self) -> tuple[int, ...]:
        """Stream indices in the movie, in the source's order."""
        return tuple(track.output.index for track in self._tracks.values())

    def _add(self, stream: AudioStream, output: OutputContainer, path: Path) -> _Track:
        resampler = None
        added: Stream
        try:
            if output.format.name == "mov" and _plain_name(stream) in _ONLY_IN_MP4:
                raise ValueError
            added = output.add_stream_from_template(stream)
        except ValueError:  # also PyAV's, where it knows that the container lacks the codec
            context = stream.codec_context
            sample = context.format.packed.name
            codec = _PCM_OF.get(sample, "pcm_f32le")
            pcm = cast(
                AudioStream,
                output.add_stream(codec, rate=context.sample_rate, layout=context.layout.name),
            )
            resampler = AudioResampler(
                pcm.codec_context.format, context.layout, context.sample_rate
            )
            self.warnings.append(
                f"{path.name}: {context.name} audio cannot be stored in {output.format.name}; "
                f"decoded to {codec}"
            )
            added = pcm
        added.metadata.update(
            {key: value for key, value in stream.metadata.items() if key in ("language", "title")}
        )
        added.disposition = stream.disposition
        return _Track(stream, added, resampler)

    def packets(self) -> Iterator[tuple[float, Packet[Stream]]]:
        """(seconds since the first frame, packet) in the source's order, ready to be muxed."""
        if not self._tracks:
            return
        if not self._whole and self._start > _SEEK_BACK:
            # AV_TIME_BASE is a microsecond; a demuxer that cannot seek starts from the beginning.
            self._seek(int((self._start - _SEEK_BACK) * 1_000_000))
        finished: set[int] = set()
        for packet in self._container.demux([track.source for track in self._tracks.values()]):
            track = self._tracks[packet.stream.index]
            if packet.size == 0:
                yield from self._flush(track)
            elif packet.pts is not None and self._keeps(track, packet, finished):
                yield from self._carry(track, packet)
            if len(finished) == len(self._tracks):
                break

    def _seek(self, microseconds: int) -> None:
        try:
            self._container.seek(microseconds)
        except av.error.FFmpegError:
            self._container.seek(0)

    def _keeps(self, track: _Track, packet: Packet[Stream], finished: set[int]) -> bool:
        length = (packet.duration or 0) * packet.time_base
        begins = (packet.pts or 0) * packet.time_base
        if not self._negative and begins < self._start and track.resampler is None:
            return False
        if self._whole:
            return True
        if begins >= self._end:
            finished.add(packet.stream.index)
            return False
        return begins + length * (2 if track.preroll else 1) > self._start

    def _carry(
        self, track: _Track, packet: Packet[Stream]
    ) -> Iterator[tuple[float, Packet[Stream]]]:
        offset = round(self._start / packet.time_base)
        if track.resampler is None:
            packet.pts = (packet.pts or 0) - offset
            packet.dts = packet.pts
            packet.stream = track.output
            yield float(packet.pts * packet.time_base), packet
            return
        for frame in track.source.codec_context.decode(packet):
            if frame.pts is not None:
                frame.pts -= offset
            for part in track.resampler.resample(frame):
                yield from self._encoded(track, part)

    def _flush(self, track: _Track) -> Iterator[tuple[float, Packet[Stream]]]:
        if track.resampler is not None:
            yield from self._encoded(track, None)

    @staticmethod
    def _encoded(track: _Track, frame: AudioFrame | None) -> Iterator[tuple[float, Packet[Stream]]]:
        for packet in cast(AudioStream, track.output).encode(frame):
            yield float((packet.pts or 0) * packet.time_base), packet
