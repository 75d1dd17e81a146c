"""A map of looks as text: what `read_look_map` reads, written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from nle_style.timeline.looks.look_map import LookRule
from nle_style.timeline.looks.look_text import CONTROLS, END, ClipLook, Frame

__all__ = ["look_map_text", "marker_text", "mix_text"]


def look_map_text(rules: Iterable[LookRule], heading: str = "") -> str:
    """Rules as a `looks.yaml`; `read_look_map` gives the same rules again, but for `where`.

    Args:
        heading: comment lines above them, without their `#`.

    Raises: ValueError for a key between two frames, which a map cannot say.
    """
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    data = [_rule_data(rule) for rule in rules]
    return comment + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=1000)


def marker_text(look: ClipLook | None) -> str:
    """A look that stays as a marker has it: "blue:0.7,fire:0.3 strength 0.5"; None is "none".

    Raises: ValueError for a look that changes, or names no style.
    """
    if look is None:
        return "none"
    if look.styles is None or look.frames:
        raise ValueError("no look that stays")
    words = ((name, getattr(look, name)) for name in CONTROLS)
    controls = (f" {name.replace('_', '-')} {value}" for name, value in words if value is not None)
    return mix_text(look.styles) + "".join(controls)


def mix_text(mix: Iterable[tuple[str, float]]) -> str:
    """Styles and weights as a marker has them: "blue", or "blue:0.7,fire:0.3"."""
    parts = list(mix)
    if len(parts) == 1:
        return parts[0][0]
    return ",".join(f"{name}:{weight:.9g}" for name, weight in parts)


def _rule_data(rule: LookRule) -> dict[str, Any]:
    data: dict[str, Any] = dict(rule.selectors)
    if rule.at is not None:
        data["at"] = rule.at
    if rule.override:
        data["override"] = True
    if rule.look is None:
        return {**data, "style": "none"}
    return {**data, **_look_data(rule.look)}


def _look_data(look: ClipLook) -> dict[str, Any]:
    data: dict[str, Any] = {}
    # `colour` chooses clips in a map: that of a look stands beside its style.
    colour = f" colour {look.colour}" if look.colour is not None else ""
    if look.style_keys is not None:
        texts = {_frame(at): mix_text(mix) for at, mix in look.style_keys}
        first = next(iter(texts))
        data["style"] = {**texts, first: texts[first] + colour}
    elif look.styles is not None:
        data["style"] = mix_text(look.styles) + colour
    if look.strength_keys is not None:
        data["strength"] = {_frame(at): value for at, value in look.strength_keys}
    elif look.strength is not None:
        data["strength"] = look.strength
    for name in ("stroke_scale", "statistics", "hold"):
        if (value := getattr(look, name)) is not None:
            data[name] = value
    return data


def _frame(frame: Frame) -> int | str:
    if frame == END:
        return "end"
    if frame != int(frame):
        raise ValueError(f"a key at frame {float(frame):g}")
    return int(frame)
