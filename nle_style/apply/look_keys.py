"""Keys of a look that changes over a shot: its mix and its strength at some frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LookKey", "mix_between", "nodes_of", "strength_between"]

_STEP = 0.5  # from one measured mix to the next, as shares that move from some styles to others


@dataclass(frozen=True)
class LookKey:
    """What a look is at one frame; `Look` checks and completes it.

    Attributes:
        frame: position in the source, from 0; it may lie outside of what is rendered.
        styles: the mix there; None leaves the mix to the keys around.
        strength: 0 to 1; None leaves it to the keys around.
    """

    frame: int
    styles: Mapping[str, float] | None = None
    strength: float | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain data, as in a job file."""
        data: dict[str, Any] = {"frame": self.frame}
        if self.styles is not None:
            data["styles"] = dict(sorted(self.styles.items()))
        return data if self.strength is None else {**data, "strength": float(self.strength)}


def mix_between(mixes: Sequence[tuple[int, Mapping[str, float]]], frame: float) -> dict[str, float]:
    """The mix at a frame: from one key to the next each share goes in a straight line, before the
    first key and after the last one nothing changes.

    Args:
        mixes: frames, ascending, each with shares that sum to 1; at least one.

    Returns:
        shares above 0 that sum to 1.
    """
    (before, one), (after, other), part = _around(mixes, frame)
    if before == after or one == other:
        return dict(one)
    names = dict.fromkeys([*one, *other])
    shares = {name: (1 - part) * one.get(name, 0) + part * other.get(name, 0) for name in names}
    return {name: share for name, share in shares.items() if share > 0}


def strength_between(strengths: Sequence[tuple[int, float]], frame: float) -> float:
    """The strength at a frame, in the same way."""
    (_, one), (_, other), part = _around(strengths, frame)
    return float((1 - part) * one + part * other)


def _around(keys: Sequence[tuple[int, Any]], frame: float) -> tuple[Any, Any, float]:
    """The keys before and after a frame, and which part of the way between them it is, 0-1."""
    for one, other in itertools.pairwise(keys):
        if one[0] <= frame < other[0]:
            return one, other, (frame - one[0]) / (other[0] - one[0])
    end = keys[0] if frame < keys[0][0] else keys[-1]
    return end, end, 0.0


def nodes_of(
    mixes: Sequence[tuple[int, Mapping[str, float]]], first: int, last: int
) -> list[float]:
    """The frames at whose mix a shot's statistics are measured; see `Look.nodes`."""
    at = [first, *(frame for frame, _ in mixes if first < frame < last), last]
    nodes: list[float] = []
    for begin, end in itertools.pairwise(at):
        one, other = mix_between(mixes, begin), mix_between(mixes, end)
        moved = sum(abs(one.get(name, 0) - other.get(name, 0)) for name in {*one, *other}) / 2
        if one == other:
            continue
        # Shares are floats: half of the way may be a little more than half.
        steps = max(1, math.ceil(moved / _STEP - 1e-9))
        nodes += [begin + (end - begin) * step / steps for step in range(steps + 1)]
    return list(dict.fromkeys(nodes)) or [first]
