"""Whether an HEVC stream codes alpha in a second layer, as Apple's encoders do.

The FFmpeg 8.1 inside PyAV decodes the first layer alone, and says nothing of the other.
"""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["has_alpha_layer"]

_ARRAYS = 22  # byte of an HEVCDecoderConfigurationRecord with the number of its arrays
_PREFIX_SEI, _ALPHA_CHANNEL_INFORMATION = 39, 165


def has_alpha_layer(extradata: bytes | None) -> bool:
    """Whether a stream's configuration holds alpha channel information.

    Args:
        extradata: of the stream; where it is no HEVCDecoderConfigurationRecord (transport streams),
            nothing is found.
    Source: ISO/IEC 14496-15, 8.3.2.1 (the record); ITU-T H.265, 7.3.5 (SEI messages) and F.14.2.8
        (alpha channel information); Apple, "HEVC Video with Alpha Interoperability Profile" 1.0.
    """
    record = extradata or b""
    if len(record) <= _ARRAYS or record[0] != 1:
        return False
    return any(
        _ALPHA_CHANNEL_INFORMATION in _messages(unit)
        for unit in _units(record)
        if unit[0] >> 1 & 63 == _PREFIX_SEI
    )


def _units(record: bytes) -> Iterator[bytes]:
    """The NAL units of a configuration record."""
    place = _ARRAYS + 1
    for _ in range(record[_ARRAYS]):
        count, place = int.from_bytes(record[place + 1 : place + 3], "big"), place + 3
        for _ in range(count):
            end = place + 2 + int.from_bytes(record[place : place + 2], "big")
            if end > place + 2 <= len(record):
                yield record[place + 2 : end]
            place = end


def _messages(unit: bytes) -> Iterator[int]:
    """The kinds of the messages in an SEI unit."""
    place = 2  # behind its header
    while place + 2 < len(unit):
        kind, place = _number(unit, place)
        size, place = _number(unit, place)
        yield kind
        place += size


def _number(unit: bytes, place: int) -> tuple[int, int]:
    """A number that is written as bytes of 255 and a last one, and where it ends."""
    value = 0
    while place < len(unit) and unit[place] == 255:
        value, place = value + 255, place + 1
    return value + (unit[place] if place < len(unit) else 0), place + 1
