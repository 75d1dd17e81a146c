"""Parse the text that asks for a look: "fire", "blue:0.7,fire:0.3 strength 0.6", "none"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from nle_style.errors import TimelineError

__all__ = ["CONTROLS", "GRAMMAR", "ClipLook", "parse_look", "with_control"]

GRAMMAR = (
    "Write a style, or a mix as blue:0.7,fire:0.3, then if wanted: strength 0.6, stroke-scale 1.5, "
    "colour source, statistics shot; or none."
)

CONTROLS = ("strength", "stroke_scale", "colour", "statistics")
"""The names of `ClipLook`'s attributes but for `styles`."""

_LONGEST = 500
_KEYWORD = r"strength|stroke[-_ ]?scale|colou?r|statistics"
_SPLIT = re.compile(
    rf"(?P<mix>.*?)(?P<controls>(?:[\s,;]+(?:{_KEYWORD})(?:\s*[:=]\s*|\s+)[^\s,;:=]+)*)[\s,;.]*",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(rf"({_KEYWORD})(?:\s*[:=]\s*|\s+)([^\s,;:=]+)", re.IGNORECASE)
_PART = re.compile(r"(?P<name>\w+)(?:\s*:\s*(?P<weight>\S+))?")


@dataclass(frozen=True)
class ClipLook:
    """The look that one clip of a cut asks for; plain data that can be compared and hashed.

    None anywhere means the command line's value. Ranges are checked where a
    `nle_style.apply.look.Look` is made of it, in `nle_style.render.cut.look_choice`.

    Attributes:
        styles: (name, weight) sorted by name; weights above 0 that sum to 1.
        strength: 0 to 1.
        stroke_scale: 0.25 to 4.
        colour: "poster" or "source".
        statistics: "hybrid", "shot" or "frame".
    """

    styles: tuple[tuple[str, float], ...] | None = None
    strength: float | None = None
    stroke_scale: float | None = None
    colour: str | None = None
    statistics: str | None = None

    @classmethod
    def of_mix(cls, weights: Iterable[tuple[str, float]], **controls: Any) -> ClipLook:
        """A look of styles in any order, with weights of any sum; equal mixes give equal looks.

        Raises:
            TimelineError: a style given twice, a negative or infinite weight, or none above 0.
        """
        given = list(weights)
        names = [name for name, _ in given]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise TimelineError(f"style '{twice}' is named twice", remedy=GRAMMAR)
        for name, weight in given:
            if not math.isfinite(weight) or weight < 0:
                raise TimelineError(f"the weight of style '{name}' is {weight:g}", remedy=GRAMMAR)
        total = sum(weight for _, weight in given)
        if total <= 0:
            raise TimelineError("the style weights sum to 0", remedy=GRAMMAR)
        # Rounded, and not divided by a sum that is 1, so that equal mixes have equal weights.
        total = 1.0 if math.isclose(total, 1.0, abs_tol=1e-7) else total
        styles = tuple(sorted((name, round(w / total, 9)) for name, w in given if w))
        return cls(styles, **controls)

    @property
    def label(self) -> str:
        """The styles in a file name, as `Look.label` writes them; "" without styles."""
        styles = self.styles or ()
        if len(styles) == 1:
            return styles[0][0]
        order = sorted(styles, key=lambda style: (-style[1], style[0]))
        return "-".join(f"{name}{weight * 100:.0f}" for name, weight in order)


def parse_look(text: str) -> ClipLook | None:
    """The look that a text asks for; None for "none", which leaves the clip as it is.

    MIX [strength N] [stroke-scale N] [colour WORD] [statistics WORD], where MIX is a style or
    styles with weights, "blue:0.7,fire:0.3". Keywords in any case and order, "colour" also as
    "color"; spaces, commas, ":" and "=" as people put them. The case of styles is kept.

    Raises:
        TimelineError: any other text. The error does not say where it was found.
    """
    text = text.strip()
    match = _SPLIT.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or not match["mix"]:
        raise TimelineError(f"'{_short(text)}' names no style", remedy=GRAMMAR)
    mix = match["mix"].strip(" \t\r\n,;.")
    look = None if mix.lower() == "none" else ClipLook.of_mix(_weights(mix))
    for keyword, value in _CONTROL.findall(match["controls"]):
        look = with_control(look, _attribute(keyword), value)
    return look


def with_control(look: ClipLook | None, name: str, text: str) -> ClipLook:
    """The look with a control that was written beside its style.

    Args:
        look: what the style said; None for "none".
        name: one of `CONTROLS`.
        text: its value as written.

    Raises:
        TimelineError: a control with "none" or a second time, or no number where one is needed.
    """
    if look is None:
        raise TimelineError(f"'none' takes no {name}", remedy=GRAMMAR)
    if getattr(look, name) is not None:
        raise TimelineError(f"{name} is given twice", remedy=GRAMMAR)
    is_number = name in ("strength", "stroke_scale")
    text = text.strip().rstrip(".").lower()
    value: Any = _number(text, name) if is_number else text
    return replace(look, **{name: value})


def _number(text: str, name: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise TimelineError(f"{name} '{_short(text)}' is not a number", remedy=GRAMMAR)
    return number


def _attribute(keyword: str) -> str:
    word = keyword.lower()
    if word.startswith("stroke"):
        return "stroke_scale"
    return "colour" if word == "color" else word


def _weights(mix: str) -> list[tuple[str, float]]:
    found = []
    for part in mix.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise TimelineError(f"'{_short(mix)}' is not a mix of styles", remedy=GRAMMAR)
        weight = match["weight"]
        name = match["name"]
        found.append((name, 1.0 if weight is None else _number(weight, f"weight of {name}")))
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
