"""Compare a decoded frame with the one that was written: equal, or close if the codec is lossy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from nle_style.media.base import OutputSpec

__all__ = ["Likeness", "frame_hash", "likeness_of"]

_LOSSY_PSNR = 35.0  # dB; ProRes 4444 measures above 42, a wrong matrix or range below 30
_SAMPLE = 4  # lossy frames are compared on every 4th pixel of every 4th line


def frame_hash(pixels: np.ndarray) -> str:
    """BLAKE2b-128 of a quantised frame: C order, little-endian, channels interleaved; hex."""
    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    return hashlib.blake2b(np.ascontiguousarray(little).data, digest_size=16).hexdigest()


@dataclass(frozen=True)
class Likeness:
    """What is kept of a written frame, to compare the decoded one with it.

    Attributes:
        digest: its `frame_hash`; "" for lossy codecs.
        sample: for lossy codecs, some of its 16-bit colour codes.
        alpha: for lossy codecs, the alpha of the same pixels, of which 10 bits must come back.
    """

    digest: str
    sample: np.ndarray | None = None
    alpha: np.ndarray | None = None

    def matches(self, decoded: np.ndarray, digest: str) -> bool:
        """Whether a decoded frame (height x width x 3 or 4), with its `frame_hash`, is this one."""
        if self.sample is None:
            return digest == self.digest
        sampled = decoded[::_SAMPLE, ::_SAMPLE]
        if self.alpha is not None and not np.array_equal(_ten_bit(sampled[..., 3]), self.alpha):
            return False
        return _psnr(sampled[..., :3], self.sample) > _LOSSY_PSNR


def likeness_of(pixels: np.ndarray, spec: OutputSpec) -> Likeness:
    """What to keep of a quantised frame that is being written."""
    if spec.exact:
        return Likeness(frame_hash(pixels))
    sampled = pixels[::_SAMPLE, ::_SAMPLE]
    alpha = _ten_bit(sampled[..., 3]) if spec.alpha else None
    return Likeness("", sampled[..., :3].copy(), alpha)


def _ten_bit(codes: np.ndarray) -> np.ndarray:
    return np.rint(codes * (1023 / 65535)).astype(np.uint16)


def _psnr(read: np.ndarray, meant: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of 16-bit code values."""
    error = np.mean((read.astype(np.float64) - meant) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(65535.0**2 / error))
