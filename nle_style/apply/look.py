"""Look: which styles, in what mix and how strongly; validated when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from nle_style.errors import LookError

__all__ = ["Colour", "Look", "Statistics", "parse_styles"]

Colour = Literal["poster", "source"]
"""Whose colours the picture has. `poster`: as it is painted. `source`: the painting's luma with the
clip's own chroma."""

Statistics = Literal["hybrid", "shot", "frame"]
"""Where the norms take mean and variance from. `frame`: from every frame itself. `shot`: measured
once over the shot and frozen. `hybrid`: frozen too, but every frame is first divided by its
exposure: fades stay right, and the picture does not pump when something enters it."""


@dataclass(frozen=True)
class Look:
    """A mix of styles and its controls.

    Attributes:
        styles: name -> weight, each 0 or more, not all 0; they are scaled to sum to 1.
        strength: 0 returns the source's pixels bit for bit, 1 is the full look.
        statistics: see `Statistics`.
        stroke_scale: size of the strokes in the picture, 0.25 to 4, whatever its resolution; see
            `stroke_scale.working_size`.
        colour: see `Colour`.

    Raises:
        LookError: a value out of its range.
    """

    styles: Mapping[str, float] = field(default_factory=dict)
    strength: float = 1.0
    statistics: Statistics = "hybrid"
    stroke_scale: float = 1.0
    colour: Colour = "poster"

    def __post_init__(self) -> None:
        if not self.styles:
            raise LookError(
                "a look needs a style", remedy="`nle-style styles` lists what there is."
            )
        for name, weight in self.styles.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise LookError(
                    f"the weight of style '{name}' is {weight:g}",
                    remedy="Weights are 0 or more; they need not sum to 1.",
                )
        total = sum(self.styles.values())
        if total <= 0:
            raise LookError("the style weights sum to 0", remedy="Give one of the styles a weight.")
        object.__setattr__(self, "styles", {n: w / total for n, w in self.styles.items() if w})
        if not 0 <= self.strength <= 1:
            raise LookError(
                f"strength {self.strength:g} is not between 0 and 1",
                remedy="0 is the source, 1 the full look.",
            )
        if not 0.25 <= self.stroke_scale <= 4:
            raise LookError(
                f"stroke scale {self.stroke_scale:g} is not between 0.25 and 4",
                remedy="1 is the usual size; 2 doubles the strokes, 0.5 halves them.",
            )
        for name, value, choices in (
            ("statistics", self.statistics, get_args(Statistics)),
            ("colour", self.colour, get_args(Colour)),
        ):
            if value not in choices:
                raise LookError(
                    f"unknown {name} '{value}'", remedy=f"It is one of {', '.join(choices)}."
                )

    @property
    def label(self) -> str:
        """The look as file names have it: "blue", or "blue70-fire30" (per cent, the strongest
        first)."""
        if len(self.styles) == 1:
            return next(iter(self.styles))
        order = sorted(self.styles.items(), key=lambda style: (-style[1], style[0]))
        return "-".join(f"{name}{weight * 100:.0f}" for name, weight in order)

    def as_data(self) -> dict[str, Any]:
        """Plain data, as in a job file; equal looks give equal data."""
        return {
            "styles": dict(sorted(self.styles.items())),
            "strength": self.strength,
            "statistics": self.statistics,
            "stroke_scale": float(self.stroke_scale),
            "colour": self.colour,
        }


def parse_styles(text: str) -> dict[str, float]:
    """ "blue" or "blue:0.7,fire:0.3" as name -> weight.

    Raises:
        LookError: a weight that is no number, a name that is empty or given twice.
    """
    styles: dict[str, float] = {}
    for part in text.split(","):
        name, colon, weight = part.strip().partition(":")
        try:
            value = float(weight) if colon else 1.0
        except ValueError:
            name = ""
            value = 0.0
        if not name or name in styles:
            raise LookError(
                f"'{text}' is not a mix of styles",
                remedy="Write one name, or names with weights as blue:0.7,fire:0.3.",
            )
        styles[name] = value
    return styles
