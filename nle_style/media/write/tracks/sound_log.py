"""What was muxed of a stream of sound, to compare what is read back with it: bytes and times."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from fractions import Fraction

from av.packet import Packet
from av.stream import Stream

from nle_style.media.write.tracks.sound import audio_payload

__all__ = ["SoundLog", "sound_faults"]

_LATE = Fraction(3, 2000)
"""Seconds by which sound may be read back elsewhere: Matroska and edit lists round to about one
millisecond."""


class SoundLog:
    """The packets of one stream: a hash of their bytes, and when each of them begins."""

    def __init__(self) -> None:
        self._digest = hashlib.md5(usedforsecurity=False)
        self._offsets: list[int] = []
        self._times: list[Fraction] = []
        self._end = 0
        self._last = Fraction(0)

    def add(self, packet: Packet[Stream]) -> None:
        """Note a packet before it is muxed, or when it is read."""
        payload = audio_payload(packet)
        self._digest.update(payload)
        self._offsets.append(self._end)
        self._times.append((packet.pts or 0) * packet.time_base)
        self._last = (packet.duration or 0) * packet.time_base
        self._end += len(payload)

    def time_of(self, offset: int) -> Fraction:
        """Seconds at which the byte at an offset is heard; within a packet in proportion."""
        place = bisect_right(self._offsets, offset) - 1
        begin, time = self._offsets[place], self._times[place]
        if offset == begin:
            return time
        last = place == len(self._offsets) - 1
        size = (self._end if last else self._offsets[place + 1]) - begin
        length = self._last if last else self._times[place + 1] - time
        return time + length * Fraction(offset - begin, size)

    def fault_of(self, read: SoundLog) -> str:
        """What is wrong with what was read of this stream; "" if nothing is."""
        if read._digest.digest() != self._digest.digest():
            return f"{read._end} bytes that are not the {self._end} of the source"
        for offset, time in zip(read._offsets, read._times, strict=True):
            meant = self.time_of(offset)
            if abs(time - meant) > _LATE:
                return f"at {float(time):.4f} s instead of {float(meant):.4f} s"
        return ""


def sound_faults(meant: Mapping[int, SoundLog], read: Mapping[int, SoundLog]) -> list[str]:
    """One clause for every stream that did not come back; streams by their index."""
    faults = ((index, log.fault_of(read[index])) for index, log in meant.items())
    return [f"stream {index}: {fault}" for index, fault in faults if fault]
