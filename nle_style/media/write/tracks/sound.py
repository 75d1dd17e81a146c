"""Copy a source's sound into a movie, packet by packet, in sync with a range of frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from nle_style.media.movie import demuxed
from nle_style.media.write.tracks.sound_plan import SoundPlan, TrackPlan, add_pcm

__all__ = ["AudioTracks", "audio_payload"]

_SEEK_BACK = 2  # seconds before the range to begin looking for its packets
_GAP = Fraction(1, 50)
"""Seconds by which a packet's time may be off from the end of the sound before it. Matroska rounds
to milliseconds, and clocks drift; the shortest lost packets, of Opus and AAC, are 20 ms."""
_PLAIN_PCM = re.compile(r"pcm_([suf]\d+[lb]e|[su]8|alaw|mulaw)")
_PREROLL = Fraction(1, 5)
"""Seconds of sound that a decoder may need before it sounds right: MP3 and WMA take bits from up to
six packets before, Opus converges within 80 ms (RFC 7845, 4.6)."""
_SILENT_BYTE = {"pcm_u8": 0x80, "pcm_alaw": 0xD5, "pcm_mulaw": 0xFF}


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
    """An audio stream on its way.

    Attributes:
        resampler: for sound that becomes PCM; None: packets are copied as they are.
        block: bytes of a sample of all channels, where its packets are PCM, which can be cut at any
            sample; 0 for others.
        next: the sample that follows what was written, counted from the first frame.
        latest: the sample at which the packet before begins, where packets are copied.
        filled, cut: samples of silence put into gaps, and samples left out because they overlap.
        cutting: all of the packet before was left out.
        first_gap: seconds from the first frame to the first of either.
    """

    plan: TrackPlan
    source: AudioStream
    output: Stream
    resampler: AudioResampler | None
    block: int
    next: int | None = None
    latest: int | None = None
    filled: int = 0
    cut: int = 0
    cutting: bool = False
    first_gap: Fraction | None = None

    def preroll(self, length: Fraction) -> Fraction:
        """Seconds for which a packet is needed after it has ended, so that those behind it sound
        right: at least its own length, as transform codecs overlap."""
        name = self.source.codec_context.name
        if name.startswith(("pcm_", "alac", "flac")):
            return Fraction(0)
        return _PREROLL if self.resampler is not None or name.startswith("mp3") else length

    def place(self, begin: int, samples: int) -> tuple[int, int]:
        """Where sound belongs that is stated to begin at a sample: samples of silence before it,
        and how many of its own are left out: those before the first frame, and what overlaps. One
        of them is 0; small differences are rounding."""
        if self.next is None:
            early = min(max(-begin, 0), samples)
            self.next = begin + early if early < samples else None
            return 0, early
        ahead = begin - self.next
        if abs(ahead) < _GAP * self.plan.rate and not self.cutting:
            ahead = 0
        elif self.first_gap is None:
            self.first_gap = Fraction(self.next, self.plan.rate)
        silence, cut = max(ahead, 0), min(max(-ahead, 0), samples)
        self.filled += silence
        self.cut += cut
        self.cutting = cut == samples
        return silence, cut


class AudioTracks:
    """Puts the planned audio streams of an opened source into an opened movie.

    Copied packets keep their bytes and times. Where only samples are counted (PCM in MOV, and what
    is decoded to PCM) gaps in the source become silence, and the first sample is that of the first
    frame. Others are cut between packets: MOV's edit list hides the part of a packet before the
    range, and the packets before it that it needs.

    Args:
        start, end: seconds on the source's clock shown by the frames: [start, end).
        whole: the range is the whole clip; packets beyond the picture are kept.
    """

    def __init__(
        self,
        container: InputContainer,
        output: OutputContainer,
        plan: SoundPlan,
        *,
        start: Fraction,
        end: Fraction,
        whole: bool,
    ) -> None:
        self._container = container
        self._start, self._end, self._whole = start, end, whole
        self._negative = output.format.name != "matroska"  # which has no edit lists
        self._tracks = {track.index: self._add(track, output) for track in plan.tracks}

    @property
    def output_indices(self) -> tuple[int, ...]:
        """Stream indices in the movie, in the source's order."""
        return tuple(track.output.index for track in self._tracks.values())

    def notes(self, path: Path) -> list[str]:
        """What was found in the packets, once they are all muxed."""
        said = []
        for track in self._tracks.values():
            if track.first_gap is None:
                continue
            rate = track.plan.rate
            what = [f"{track.filled / rate:.3f} s of silence"] if track.filled else []
            what += [f"{track.cut / rate:.3f} s of overlap left out"] if track.cut else []
            said.append(
                f"{path.name}: audio stream {track.plan.index} has gaps, the first "
                f"{float(track.first_gap):.3f} s after the first frame: {', '.join(what)}"
            )
        return said

    def _add(self, plan: TrackPlan, output: OutputContainer) -> _Track:
        stream = cast(AudioStream, self._container.streams[plan.index])
        resampler = None
        added: Stream
        if plan.pcm:
            added, resampler = add_pcm(output, plan)
        else:
            added = output.add_stream_from_template(stream)
        added.metadata.update(
            {key: value for key, value in stream.metadata.items() if key in ("language", "title")}
        )
        added.disposition = stream.disposition
        context, block = stream.codec_context, 0
        if resampler is None and _PLAIN_PCM.fullmatch(context.name):
            block = context.channels * context.format.bytes
            if context.name.startswith(("pcm_s24", "pcm_f24")):  # decoded to 32 bits
                block = context.channels * 3
            elif context.name in ("pcm_alaw", "pcm_mulaw"):
                block = context.channels
        return _Track(plan, stream, added, resampler, block)

    def packets(self) -> Iterator[tuple[float, Packet[Stream]]]:
        """(seconds since the first frame, packet) in the source's order, ready to be muxed."""
        if not self._tracks:
            return
        if not self._whole and self._start > _SEEK_BACK:
            # AV_TIME_BASE is a microsecond; a demuxer that cannot seek starts from the beginning.
            self._seek(int((self._start - _SEEK_BACK) * 1_000_000))
        finished: set[int] = set()
        sources: list[Stream] = [track.source for track in self._tracks.values()]
        for packet in demuxed(self._container, *sources):
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
        begins = self._begin(packet)
        uncut = track.resampler is None and not track.block
        if not self._negative and begins < self._start and uncut:
            return False
        if begins >= self._end and not self._whole:
            finished.add(packet.stream.index)
            return False
        return begins + length + track.preroll(length) > self._start

    @staticmethod
    def _begin(packet: Packet[Stream]) -> Fraction:
        return (packet.pts or 0) * packet.time_base

    def _carry(
        self, track: _Track, packet: Packet[Stream]
    ) -> Iterator[tuple[float, Packet[Stream]]]:
        if track.resampler is not None:
            yield from self._decoded(track, packet, track.resampler)
        elif track.block and (self._negative or self._begin(packet) < self._start):
            # MOV would lose the times of PCM: it has one duration for all samples.
            yield from self._counted(track, packet)
        else:
            packet.duration = round((packet.duration or 0) * packet.time_base * track.plan.rate)
            begin = self._sample_of(track, self._begin(packet))
            packet.time_base = Fraction(1, track.plan.rate)  # AVI's may be as long as a packet
            begin = begin if begin >= 0 else _hidden(track, packet, begin)
            if track.latest is not None and begin <= track.latest and track.next is not None:
                begin = track.next  # as fragmented MP4 may have it, of packets that belong together
            packet.pts = packet.dts = track.latest = begin
            track.next = begin + max(1, packet.duration)
            packet.stream = track.output
            yield float(packet.pts * packet.time_base), packet

    def _sample_of(self, track: _Track, time: Fraction) -> int:
        return round((time - self._start) * track.plan.rate)

    def _counted(
        self, track: _Track, packet: Packet[Stream]
    ) -> Iterator[tuple[float, Packet[Stream]]]:
        """A packet of PCM at the sample where it belongs, and silence before it."""
        data = bytes(packet)
        begin = self._sample_of(track, self._begin(packet))
        silence, cut = track.place(begin, len(data) // track.block)
        silent = bytes([_SILENT_BYTE.get(track.source.codec_context.name, 0)])
        for length in _pieces(silence, track.plan.rate):
            yield self._pcm(track, silent * (length * track.block))
        if cut * track.block < len(data):
            yield self._pcm(track, data[cut * track.block :])

    @staticmethod
    def _pcm(track: _Track, data: bytes) -> tuple[float, Packet[Stream]]:
        packet: Packet[Stream] = Packet(data)
        packet.stream, packet.time_base = track.output, Fraction(1, track.plan.rate)
        packet.pts = packet.dts = track.next
        packet.duration = len(data) // track.block
        packet.is_keyframe = True
        begin = track.next or 0
        track.next = begin + packet.duration
        return begin / track.plan.rate, packet

    def _decoded(
        self, track: _Track, packet: Packet[Stream] | None, resampler: AudioResampler
    ) -> Iterator[tuple[float, Packet[Stream]]]:
        try:
            frames = track.source.codec_context.decode(packet)
        except av.error.InvalidDataError:
            return  # a gap, which the next packet shows
        for frame in frames:
            for part in resampler.resample(frame):
                for placed in self._placed(track, part):
                    yield from self._encoded(track, placed)

    def _placed(self, track: _Track, frame: AudioFrame) -> Iterator[AudioFrame]:
        """A frame at the sample where it belongs, and silence before it."""
        begin = track.next or 0
        if frame.pts is not None and frame.time_base is not None:
            begin = self._sample_of(track, frame.pts * frame.time_base)
        silence, cut = track.place(begin, frame.samples)
        values = frame.to_ndarray()  # interleaved: PCM is packed
        channels = frame.layout.nb_channels
        made = [
            _frame_of(np.zeros((1, length * channels), values.dtype), frame)
            for length in _pieces(silence, track.plan.rate)
        ]
        if cut < frame.samples:
            made.append(_frame_of(values[:, cut * channels :], frame) if cut else frame)
        for each in made:
            each.pts, each.time_base = track.next, Fraction(1, track.plan.rate)
            track.next = (track.next or 0) + each.samples
            yield each

    def _flush(self, track: _Track) -> Iterator[tuple[float, Packet[Stream]]]:
        if track.resampler is not None:
            yield from self._decoded(track, None, track.resampler)
            yield from self._encoded(track, None)

    @staticmethod
    def _encoded(track: _Track, frame: AudioFrame | None) -> Iterator[tuple[float, Packet[Stream]]]:
        for packet in cast(AudioStream, track.output).encode(frame):
            yield float((packet.pts or 0) * packet.time_base), packet


def _hidden(track: _Track, packet: Packet[Stream], begin: int) -> int:
    """The sample at which a packet before the first frame is put: as late as it is not heard, if
    there is less sound in it than it is said to last. An edit list hides time, and decoders leave
    out as many samples."""
    samples = track.source.codec_context.frame_size
    late = (packet.duration or 0) - samples
    return max(begin, min(-samples, begin + late)) if samples and late > 1 else begin


def _pieces(samples: int, most: int) -> Iterator[int]:
    """Lengths of at most `most`, which add up to `samples`."""
    for begin in range(0, samples, most):
        yield min(most, samples - begin)


def _frame_of(values: np.ndarray, like: AudioFrame) -> AudioFrame:
    frame = AudioFrame.from_ndarray(
        np.ascontiguousarray(values), like.format.name, like.layout.name
    )
    frame.sample_rate = like.sample_rate
    return frame
