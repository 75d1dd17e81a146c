"""Between a cut's plain looks and the looks that are painted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import fields, replace
from typing import Any

from nle_style.apply import Look
from nle_style.errors import LookError
from nle_style.timeline.looks import ClipLook, LookRule, looks_for
from nle_style.timeline.needs import Candidate

__all__ = ["as_clip_look", "cut_looks", "to_look"]


def cut_looks(
    rules: Sequence[LookRule], base: Look | None, styles: Collection[str]
) -> Callable[[Candidate], ClipLook | None]:
    """`looks_for` with the command line's look and a pack's styles: what a batch gives the planner.

    A look out of range, or of a style that the pack does not have, refuses its clip.

    Args:
        rules: of `--map`; () without.
        base: the command line's look; None leaves clips that nothing else speaks for.
        styles: the names of the pack's styles.
    """
    default = None if base is None else as_clip_look(base)
    return looks_for(rules, default, styles=styles, check=lambda look: to_look(look, base))


def to_look(clip_look: ClipLook, base: Look | None = None) -> Look:
    """The look to paint.

    Args:
        clip_look: what a clip asks for.
        base: where it has None, this look's value is taken; None: the values of `Look` itself.

    Raises:
        LookError: no style in either, a value out of its range, or a control that this version
            does not have.
    """
    if base is not None and clip_look == as_clip_look(base):
        return base
    given: dict[str, Any] = {
        field.name: value
        for field in fields(clip_look)
        if (value := getattr(clip_look, field.name)) is not None
    }
    if "styles" in given:
        given["styles"] = dict(given["styles"])
    unknown = given.keys() - {field.name for field in fields(Look)}
    if unknown:
        raise LookError(
            f"this version of nle_style has no control '{min(unknown).replace('_', '-')}'",
            remedy="Leave it out, or update nle_style.",
        )
    return Look(**given) if base is None else replace(base, **given)


def as_clip_look(look: Look) -> ClipLook:
    """The look as plain data with every field set, so that looks of a cut can be compared."""
    data = look.as_data()
    return ClipLook.of_mix(data.pop("styles").items(), **data)
