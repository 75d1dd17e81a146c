"""What becomes of a source's sound in a container, tried before a frame is painted.

Whether a container takes a codec is not in its list of codecs alone: MOV accepts Opus and fails at
its header. So the first packets of every stream are muxed into memory.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

from nle_style.media.movie import demuxed, open_movie

__all__ = ["SoundPlan", "TrackPlan", "add_pcm", "plan_sound"]

_PCM_OF = {"s16": "pcm_s16le", "s32": "pcm_s24le", "flt": "pcm_f32le", "dbl": "pcm_f64le"}
_TRIED = 8  # packets of a stream that are muxed
_UNDECODED = 1000  # packets without a frame after which a stream counts as not decodable


@dataclass(frozen=True)
class TrackPlan:
    """What becomes of an audio stream.

    Attributes:
        index: the stream's in the source.
        pcm: the encoder that its sound is decoded for; "" if its packets are copied.
        rate: samples a second.
        layout: of its channels, by ffmpeg's name.
        sample: ffmpeg's name of its decoded samples.
    """

    index: int
    pcm: str
    rate: int
    layout: str
    sample: str


@dataclass(frozen=True)
class SoundPlan:
    """What becomes of a source's sound.

    Attributes:
        tracks: in the source's order.
        notes: what is changed or left out, and why; each begins with the source's name.
    """

    tracks: tuple[TrackPlan, ...]
    notes: tuple[str, ...]


@dataclass
class _Sample:
    """The beginning of a stream."""

    packets: list[Packet[Stream]] = field(default_factory=list)
    frame: AudioFrame | None = None
    seen: int = 0

    @property
    def enough(self) -> bool:
        if self.seen >= _UNDECODED:
            return True
        return self.frame is not None and len(self.packets) >= _TRIED


def plan_sound(path: Path, format: str) -> SoundPlan:
    """Try a movie's sound in a container.

    Args:
        format: the container, "mov" or "matroska".
    Raises: MediaError if the movie cannot be opened.
    """
    tracks, notes = [], []
    with open_movie(path) as container:
        known = [each for each in container.streams.audio if each.codec_context is not None]
        samples = _beginnings(container, known)
        for stream in container.streams.audio:
            sample = samples.get(stream.index)
            if sample is None:
                notes.append(f"audio stream {stream.index} is unknown; left out")
                continue
            name = stream.codec_context.name
            if not sample.packets:
                notes.append(f"audio stream {stream.index} ({name}) is empty; left out")
                continue
            copied = _takes(format, stream, sample.packets)
            plan = _track(stream, sample.frame, copied)
            if plan is None or (plan.pcm and not _takes_pcm(format, plan)):
                notes.append(
                    f"audio stream {stream.index} ({name}) can neither be stored in {format} nor be"
                    " decoded; left out"
                )
                continue
            tracks.append(plan)
            if plan.pcm:
                notes.append(f"{name} audio cannot be stored in {format}; decoded to {plan.pcm}")
    return SoundPlan(tuple(tracks), tuple(f"{path.name}: {note}" for note in notes))


def _beginnings(container: InputContainer, streams: Sequence[AudioStream]) -> dict[int, _Sample]:
    samples = {stream.index: _Sample() for stream in streams}
    every: list[Stream] = list(streams)
    if not every:
        return samples
    try:
        for packet in demuxed(container, *every):
            sample = samples[packet.stream.index]
            if packet.size and len(sample.packets) < _TRIED:
                sample.packets.append(packet)
            sample.seen += 1
            if sample.frame is None:
                sample.frame = _first_frame(packet)
            if all(each.enough for each in samples.values()):
                break
    except av.error.FFmpegError:
        pass  # what could be read of it decides
    return samples


def _first_frame(packet: Packet[Stream]) -> AudioFrame | None:
    try:
        decoded = cast("list[AudioFrame]", packet.decode())
        return next((frame for frame in decoded if frame.samples), None)
    except av.error.FFmpegError:
        return None


def _track(stream: AudioStream, frame: AudioFrame | None, copied: bool) -> TrackPlan | None:
    context = stream.codec_context
    if copied:
        return TrackPlan(stream.index, "", context.sample_rate, context.layout.name, "")
    if frame is None or not frame.sample_rate or not frame.layout.nb_channels:
        return None
    sample = frame.format.name
    pcm = _PCM_OF.get(frame.format.packed.name, "pcm_f32le")
    return TrackPlan(stream.index, pcm, frame.sample_rate, frame.layout.name, sample)


def _takes(format: str, stream: AudioStream, packets: Iterable[Packet[Stream]]) -> bool:
    """Whether a container takes packets of a stream as they are."""
    try:
        with av.open(io.BytesIO(), "w", format=format) as output:
            added = output.add_stream_from_template(stream)
            for number, packet in enumerate(packets):
                copy: Packet[Stream] = Packet(bytes(packet))
                copy.stream, copy.time_base = added, packet.time_base
                copy.pts = copy.dts = number * max(1, packet.duration or 0)
                copy.duration = packet.duration
                copy.is_keyframe = True
                output.mux(copy)
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _takes_pcm(format: str, plan: TrackPlan) -> bool:
    try:
        with av.open(io.BytesIO(), "w", format=format) as output:
            stream, resampler = add_pcm(output, plan)
            silence = AudioFrame(format=plan.sample, layout=plan.layout, samples=64)
            silence.sample_rate = plan.rate
            for frame in resampler.resample(silence):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def add_pcm(output: OutputContainer, plan: TrackPlan) -> tuple[AudioStream, AudioResampler]:
    """Add a stream of PCM for a track, and what brings decoded frames to its kind of samples."""
    stream = cast(AudioStream, output.add_stream(plan.pcm, rate=plan.rate, layout=plan.layout))
    return stream, AudioResampler(stream.codec_context.format, plan.layout, plan.rate)
