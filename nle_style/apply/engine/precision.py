"""Whether an engine in half precision paints what it paints in float32.

How far the two are apart depends on the weights and on the statistics of the norms, so it is looked
at: on a gradient, on flat grey and white with half a code of noise, and on noise with the spectrum
of a photograph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["HALF_BOUND", "check_pictures", "trusted"]

HALF_BOUND = 0.01
"""On 0-1: two and a half 8-bit codes, for the pixel that is furthest off."""

_SIDE = 128  # pixels: what an output pixel depends on is 112 wide
_HALF_A_CODE = 0.5 / 255

E = TypeVar("E", bound=Callable[[Tensor], Tensor])


def trusted(make: Callable[[torch.dtype], E], dtype: torch.dtype) -> E:
    """An engine in half precision if its pictures are within `HALF_BOUND` of float32's; else the
    engine in float32. It costs eight small pictures.

    Args:
        make: the engine in a precision; it takes (1, 3, H, W) and gives (1, 3, H, W), 0-1.
        dtype: that is wished for; float32 is not looked at.
    """
    exact = make(torch.float32)
    if dtype == torch.float32:
        return exact
    half = make(dtype)
    # A NaN is not within anything.
    held = all(
        float((half(each) - exact(each)).abs().max()) <= HALF_BOUND
        for each in check_pictures().values()
    )
    return half if held else exact


@lru_cache(1)
def check_pictures() -> dict[str, Tensor]:
    """Name -> (1, 3, 128, 128), RGB, 0-1, on the CPU: always the same."""
    drawn = torch.Generator().manual_seed(25)
    shape = 1, 3, _SIDE, _SIDE

    def flat(value: float) -> Tensor:
        noise = (torch.rand(shape, generator=drawn) * 2 - 1) * _HALF_A_CODE
        return (value + noise).clamp_(0, 1)

    # Octaves, each as strong as its size: the power falls with the square of the frequency.
    natural = sum(
        size
        * F.interpolate(
            torch.randn(1, 3, _SIDE // size, _SIDE // size, generator=drawn),
            size=(_SIDE, _SIDE),
            mode="bicubic",
        )
        for size in (1, 2, 4, 8, 16, 32)
    )
    assert isinstance(natural, Tensor)  # noqa: S101  (for the type checker: not the sum of nothing)
    natural = natural - natural.mean()
    return {
        "gradient": torch.linspace(0, 1, _SIDE).expand(shape).contiguous(),
        "grey": flat(0.5),
        "white": flat(1.0),
        "natural": (0.5 + 0.2 * natural / natural.std()).clamp_(0, 1),
    }
