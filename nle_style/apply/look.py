"""Look: which styles, in what mix and how strongly, steady or changing over the frames; validated
when it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

from nle_style.apply.look_keys import LookKey, mix_between, nodes_of, strength_between
from nle_style.errors import LookError

_NAMED = 3  # mixes that a label names

__all__ = ["LONGEST_HOLD", "Colour", "Look", "Statistics", "parse_styles"]

LONGEST_HOLD = 12
"""Frames that one painting may be shown for: half a second at 24."""

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
        keys: mixes and strengths at some frames, between which both change evenly; () for a look
            that stays. Where they give mixes, `styles` is the first of them; where they give
            strengths, `strength` is the greatest, so that 0 means that nothing is painted.
        hold: how many frames one painting is shown for, 1 to `LONGEST_HOLD`; see `drawing`.

    Raises:
        LookError: a value out of its range, or keys that say nothing or contradict one another.
    """

    styles: Mapping[str, float] = field(default_factory=dict)
    strength: float = 1.0
    statistics: Statistics = "hybrid"
    stroke_scale: float = 1.0
    colour: Colour = "poster"
    keys: tuple[LookKey, ...] = ()
    hold: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", _checked_keys(self.keys))
        styles = self._mixes[0][1] if self._mixes else self.styles
        object.__setattr__(self, "styles", _shares(styles))
        if self._strengths:
            strongest = max(strength for _, strength in self._strengths)
            object.__setattr__(self, "strength", strongest)
        _check_strength(self.strength)
        if not (isinstance(self.hold, int) and 1 <= self.hold <= LONGEST_HOLD):
            raise LookError(
                f"hold {self.hold} is not a whole number from 1 to {LONGEST_HOLD}",
                remedy="1 paints every frame, 2 every second one, which is shown for two.",
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
        first); "blue-to-fire" where it changes, of many mixes the first and the last."""
        names = [_label(mix) for _, mix in self._mixes] or [_label(self.styles)]
        names = [name for place, name in enumerate(names) if names[place - 1 : place] != [name]]
        return "-to-".join(names if len(names) <= _NAMED else (names[0], names[-1]))

    @cached_property
    def _mixes(self) -> list[tuple[int, Mapping[str, float]]]:
        return [(key.frame, key.styles) for key in self.keys if key.styles is not None]

    @cached_property
    def _strengths(self) -> list[tuple[int, float]]:
        return [(key.frame, key.strength) for key in self.keys if key.strength is not None]

    @property
    def mixes(self) -> tuple[Mapping[str, float], ...]:
        """The mix of every key that gives one; without any the look's own."""
        return tuple(mix for _, mix in self._mixes) or (self.styles,)

    @property
    def changes(self) -> bool:
        """Whether its mix changes, so that it is painted by other weights from frame to frame."""
        return any(mix != self.mixes[0] for mix in self.mixes)

    def at(self, frame: float) -> Look:
        """The look of one frame, as one that stays; between two keys also of an instant between
        two frames."""
        if not self.keys:
            return self
        styles = mix_between(self._mixes, frame) if self._mixes else self.styles
        return replace(self, styles=styles, strength=self.strength_at(frame), keys=())

    def strength_at(self, frame: float) -> float:
        """The strength at a frame, 0-1."""
        return strength_between(self._strengths, frame) if self._strengths else self.strength

    def nodes(self, first: int, last: int) -> list[float]:
        """The instants at whose mix the statistics of a shot, first and last frame, are measured:
        where it begins and ends to change, the keys between, and as many more as make each step
        half of the way from one style to another, or less; one where it does not change."""
        return nodes_of(self._mixes, first, last) if self._mixes else [first]

    def drawing(self, frame: int, shot: int) -> int:
        """The frame whose painting a frame shows: with a hold of 2 the first of each two, counted
        from the first frame of its shot, `shot`."""
        return frame - (frame - shot) % self.hold

    def as_data(self) -> dict[str, Any]:
        """Plain data, as in a job file; equal looks give equal data."""
        data: dict[str, Any] = {
            "styles": dict(sorted(self.styles.items())),
            "strength": self.strength,
            "statistics": self.statistics,
            "stroke_scale": float(self.stroke_scale),
            "colour": self.colour,
        }
        # Left out where they say nothing, so that renders made before there were any are found.
        if self.keys:
            data["keys"] = [key.as_data() for key in self.keys]
        return data if self.hold == 1 else {**data, "hold": self.hold}


def _checked_keys(keys: tuple[LookKey, ...]) -> tuple[LookKey, ...]:
    """Keys in the order of their frames, their mixes summing to 1."""
    checked: dict[int, LookKey] = {}
    for key in sorted(keys, key=lambda key: key.frame):
        if key.frame in checked:
            raise LookError(
                f"there are two keys at frame {key.frame}", remedy="Leave one of them, or move it."
            )
        if key.styles is None and key.strength is None:
            raise LookError(
                f"the key at frame {key.frame} has neither styles nor a strength",
                remedy="Give it one of them, or leave it out.",
            )
        if key.strength is not None:
            _check_strength(key.strength)
        checked[key.frame] = replace(
            key, styles=None if key.styles is None else _shares(key.styles)
        )
    return tuple(checked.values())


def _shares(styles: Mapping[str, float]) -> dict[str, float]:
    """The shares of a mix, which sum to 1, without styles that have none."""
    if not styles:
        raise LookError("a look needs a style", remedy="`nle-style styles` lists what there is.")
    for name, weight in styles.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise LookError(
                f"the weight of style '{name}' is {weight:g}",
                remedy="Weights are 0 or more; they need not sum to 1.",
            )
    total = sum(styles.values())
    if total <= 0:
        raise LookError("the style weights sum to 0", remedy="Give one of the styles a weight.")
    return {name: weight / total for name, weight in styles.items() if weight}


def _check_strength(strength: float) -> None:
    if not 0 <= strength <= 1:
        raise LookError(
            f"strength {strength:g} is not between 0 and 1",
            remedy="0 is the source, 1 the full look.",
        )


def _label(styles: Mapping[str, float]) -> str:
    if len(styles) == 1:
        return next(iter(styles))
    order = sorted(styles.items(), key=lambda style: (-style[1], style[0]))
    return "-".join(f"{name}{weight * 100:.0f}" for name, weight in order)


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
