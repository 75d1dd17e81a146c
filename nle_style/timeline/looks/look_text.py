"""Parse the text that asks for a look: "fire", "blue:0.7,fire:0.3 strength 0.6", "none"; or for one
that changes: "0: blue, 48: fire"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any

from nle_style.errors import TimelineError

__all__ = [
    "CONTROLS",
    "END",
    "GRAMMAR",
    "ClipLook",
    "Frame",
    "key_of",
    "parse_look",
    "with_control",
    "with_key",
]

GRAMMAR = (
    "Write a style, or a mix as blue:0.7,fire:0.3, then if wanted: strength 0.6, stroke-scale 1.5, "
    "colour source, statistics shot, hold 2; or none. One that changes: 0: blue, 48: fire."
)

CONTROLS = ("strength", "stroke_scale", "colour", "statistics", "hold")
"""The names of `ClipLook`'s attributes that a keyword gives."""

END = math.inf
"""The frame of a key at a clip's last frame."""

Frame = Fraction | float
"""Of a key: frames of the cut from the clip's first one, or `END`; once the frames of the clip are
known, positions in the source."""

_LONGEST = 500
_NAMED = 3  # mixes that a label names
_AROUND = " \t\r\n,;."
_KEYWORD = r"strength|stroke[-_ ]?scale|colou?r|statistics|hold"
_SPLIT = re.compile(
    rf"(?P<mix>.*?)(?P<controls>(?:[\s,;]+(?:{_KEYWORD})(?:\s*[:=]\s*|\s+)[^\s,;:=]+)*)[\s,;.]*",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(rf"({_KEYWORD})(?:\s*[:=]\s*|\s+)([^\s,;:=]+)", re.IGNORECASE)
# "48:" or "end:", with a word behind it: in "blue:0.7, 2: 1" there is none.
_KEY = re.compile(r"(?:^|[\s,;])(?P<frame>\d{1,9}|end)\s*:(?=\s*[^\W\d])", re.IGNORECASE)
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
        hold: for how many frames a painting is shown.
        style_keys: mixes, as `styles`, each at its frame, ascending: where there are any, `styles`
            is None.
        strength_keys: strengths in the same way, in the place of `strength`.
    """

    styles: tuple[tuple[str, float], ...] | None = None
    strength: float | None = None
    stroke_scale: float | None = None
    colour: str | None = None
    statistics: str | None = None
    hold: int | None = None
    style_keys: tuple[tuple[Frame, tuple[tuple[str, float], ...]], ...] | None = None
    strength_keys: tuple[tuple[Frame, float], ...] | None = None

    @property
    def asks_style(self) -> bool:
        """Whether it names a style, or several in turn."""
        return self.styles is not None or self.style_keys is not None

    @property
    def asks_strength(self) -> bool:
        """Whether it gives a strength, or several in turn."""
        return self.strength is not None or self.strength_keys is not None

    @property
    def frames(self) -> list[Frame]:
        """The frames of its keys, ascending; none of a look that stays."""
        keys = (*(self.style_keys or ()), *(self.strength_keys or ()))
        return sorted({frame for frame, _ in keys})

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

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> ClipLook:
        """The look that `Look.as_data` gave as plain data.

        Raises:
            TimelineError, KeyError, TypeError: it is not such data.
        """
        controls = dict(data)
        look = cls.of_mix(controls.pop("styles").items())
        keys = controls.pop("keys", ())
        mixes = [(key["frame"], cls.of_mix(key["styles"].items()).styles or ())
                 for key in keys if "styles" in key]  # fmt: skip
        strengths = [(key["frame"], key["strength"]) for key in keys if "strength" in key]
        look = replace(look, **controls)
        if mixes:
            look = replace(look, styles=None, style_keys=tuple(mixes))
        if strengths:
            look = replace(look, strength=None, strength_keys=tuple(strengths))
        return look

    @property
    def label(self) -> str:
        """The styles in a file name, as `Look.label` writes them; "" without styles."""
        mixes = [mix for _, mix in self.style_keys or ()] or [self.styles or ()]
        labels = [label for label, _ in groupby(map(_label, mixes))]
        return "-to-".join(labels if len(labels) <= _NAMED else (labels[0], labels[-1]))


def _label(mix: Sequence[tuple[str, float]]) -> str:
    if len(mix) == 1:
        return mix[0][0]
    order = sorted(mix, key=lambda style: (-style[1], style[0]))
    return "-".join(f"{name}{weight * 100:.0f}" for name, weight in order)


def parse_look(text: str) -> ClipLook | None:
    """The look that a text asks for; None for "none", which leaves the clip as it is.

    MIX [strength N] [stroke-scale N] [colour WORD] [statistics WORD], where MIX is a style or
    styles with weights, "blue:0.7,fire:0.3". Keywords in any case and order, "colour" also as
    "color"; spaces, commas, ":" and "=" as people put them. The case of styles is kept.

    A look that changes has FRAME: before each of several such texts, which then need no MIX where
    only the strength changes: "0: blue, 48: fire strength 0.5", "fire, 0: strength 0, 24: strength
    1". What is no style and no strength is the whole look's, wherever it stands.

    Raises:
        TimelineError: any other text. The error does not say where it was found.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise TimelineError(f"'{_short(text)}' names no style", remedy=GRAMMAR)
    keys = list(_KEY.finditer(text))
    if not keys:
        return _look(text)
    before = text[: keys[0].start()]
    look = _look(before) if before.strip(_AROUND) else ClipLook()
    ends = [*(key.start() for key in keys[1:]), len(text)]
    for key, end in zip(keys, ends, strict=True):
        look = with_key(look, key["frame"], text[key.end() : end])
    return look


def _look(text: str) -> ClipLook | None:
    match = _SPLIT.fullmatch(text)
    if match is None or not match["mix"]:
        raise TimelineError(f"'{_short(text)}' names no style", remedy=GRAMMAR)
    mix = match["mix"].strip(_AROUND)
    look = None if mix.lower() == "none" else ClipLook.of_mix(_weights(mix))
    for keyword, value in _CONTROL.findall(match["controls"]):
        look = with_control(look, _attribute(keyword), value)
    return look


def key_of(text: str) -> ClipLook:
    """What one key asks for: a mix, a strength or both, and controls of the whole look.

    Raises:
        TimelineError: neither, or a text that cannot be understood.
    """
    # With something before it a control may stand first.
    match = _SPLIT.fullmatch(f", {text.strip()}")
    mix, controls = ("", "") if match is None else match.group("mix", "controls")
    mix = mix.strip(_AROUND)
    look = ClipLook.of_mix(_weights(mix)) if mix else ClipLook()
    if mix.lower() == "none":
        raise TimelineError("a look cannot change to 'none'", remedy="Write strength 0.")
    for keyword, value in _CONTROL.findall(controls):
        look = with_control(look, _attribute(keyword), value)
    if not (look.asks_style or look.asks_strength):
        raise TimelineError(
            f"the key '{_short(text)}' has neither a style nor a strength", remedy=GRAMMAR
        )
    return look


def with_key(look: ClipLook | None, frame: Frame | str, text: str) -> ClipLook:
    """The look with one more key.

    Args:
        look: what was said before; None for "none".
        frame: of the key, or its text: a number, or "end".
        text: as of `key_of`.

    Raises:
        TimelineError: as `key_of`; a frame that is none, or that has a key already; or a style, or
            a strength, that the whole look has already.
    """
    if look is None:
        raise TimelineError("'none' takes no keys", remedy=GRAMMAR)
    at, key = _frame(frame) if isinstance(frame, str) else frame, key_of(text)
    if key.styles is not None:
        if look.styles is not None:
            raise TimelineError("style is given twice", remedy=GRAMMAR)
        look = replace(look, style_keys=_with_pair(look.style_keys, at, key.styles))
    if key.strength is not None:
        if look.strength is not None:
            raise TimelineError("strength is given twice", remedy=GRAMMAR)
        look = replace(look, strength_keys=_with_pair(look.strength_keys, at, key.strength))
    for name in CONTROLS:
        value = getattr(key, name)
        if name != "strength" and value is not None:
            look = with_control(look, name, str(value))
    return look


def _frame(text: str) -> Frame:
    if text.strip().lower() == "end":
        return END
    if not re.fullmatch(r"\d{1,9}", text.strip()):
        raise TimelineError(
            f"'{_short(text)}' is not a frame of the clip",
            remedy="Write the number of a frame, 0 being the clip's first, or end.",
        )
    return Fraction(text.strip())


def _with_pair(pairs: tuple[Any, ...] | None, frame: Frame, value: Any) -> tuple[Any, ...]:
    keys = sorted([*(pairs or ()), (frame, value)], key=lambda pair: float(pair[0]))
    for one, other in pairwise(keys):
        if one[0] == other[0]:
            at = "the end" if frame == END else f"frame {float(frame):g}"
            raise TimelineError(f"there are two keys at {at}", remedy="Leave one of them.")
    return tuple(keys)


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
    if getattr(look, name) is not None or (name == "strength" and look.asks_strength):
        raise TimelineError(f"{name} is given twice", remedy=GRAMMAR)
    is_number = name in ("strength", "stroke_scale", "hold")
    text = text.strip().rstrip(".").lower()
    value: Any = _number(text, name) if is_number else text
    if name == "hold":
        if not value.is_integer():
            raise TimelineError(f"hold '{_short(text)}' is not a number of frames", remedy=GRAMMAR)
        value = int(value)
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
