"""H.264 whose fields are coded as pictures of their own (PAFF), which no free encoder writes."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_field_pictures"]

_WIDTH = _HEIGHT = 64


class _Bits:
    """Fixed-length and Exp-Golomb codes. Source: ITU-T H.264, 7.2 and 9.1."""

    def __init__(self) -> None:
        self._text = ""

    def fixed(self, bits: int, value: int) -> _Bits:
        self._text += f"{value:0{bits}b}"
        return self

    def golomb(self, *values: int) -> _Bits:
        for value in values:
            code = f"{value + 1:b}"
            self._text += "0" * (len(code) - 1) + code
        return self

    def aligned(self) -> _Bits:
        self._text += "0" * (-len(self._text) % 8)
        return self

    def unit(self, header: int) -> bytes:
        """A NAL unit of them, with its start code and emulation prevention bytes."""
        self.fixed(1, 1).aligned()
        data = bytearray()
        for byte in int(self._text, 2).to_bytes(len(self._text) // 8, "big"):
            if data[-2:] == b"\0\0" and byte <= 3:
                data.append(3)
            data.append(byte)
        return b"\0\0\0\1" + bytes([header]) + bytes(data)


def write_field_pictures(path: Path, frames: int) -> Path:
    """An elementary stream of 64x64 at 25 frames a second, the top field first, ten frames a group.

    The luma of frame n's top field is 20 + 8n, plus 3 in its bottom field (16-235), in one block
    of raw samples (I_PCM) a macroblock; chroma is 100 and 140.
    """
    sequence = _Bits().fixed(8, 77).fixed(8, 0).fixed(8, 30).golomb(0, 0, 0, 4, 1).fixed(1, 0)
    sequence.golomb(_WIDTH // 16 - 1, _HEIGHT // 32 - 1).fixed(4, 0b0010).fixed(1, 1)
    sequence.fixed(5, 0b00001).fixed(32, 1).fixed(32, 50).fixed(1, 1).fixed(4, 0)
    picture = _Bits().golomb(0, 0).fixed(2, 0).golomb(0, 0, 0).fixed(3, 0).golomb(0, 0, 0)
    picture.fixed(3, 0b100)
    parts = []
    parameters = sequence.unit(0x67) + picture.unit(0x68)
    for frame in range(frames):
        place = frame % 10
        for field in (0, 1):
            begins = place == 0 and field == 0
            parts.append(b"\0\0\0\1\x09\x10" + (parameters if begins else b""))
            parts.append(_slice(frame, place, field, begins=begins))
    path.write_bytes(b"".join(parts))
    return path


def _slice(frame: int, place: int, field: int, *, begins: bool) -> bytes:
    bits = _Bits().golomb(0, 7, 0).fixed(4, place).fixed(1, 1).fixed(1, field)
    if begins:
        bits.golomb(frame // 10 % 2)
    bits.fixed(8, 2 * place + field).fixed(2 if begins else 1, 0).golomb(0, 1)
    luma = min(235, 20 + 8 * frame + 3 * field)
    block = "".join(f"{value:08b}" for value in [luma] * 256 + [100] * 64 + [140] * 64)
    for _ in range(_WIDTH // 16 * (_HEIGHT // 32)):
        bits.golomb(25).aligned()
        bits._text += block
    return bits.unit(0x65 if begins else 0x41)
