"""The look of each clip of a cut: what the clip asks for, completed from the command line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from nle_style.apply import Look
from nle_style.timeline.looks import ClipLook, LookRule, looks_for
from nle_style.timeline.needs import Candidate

__all__ = ["clip_look_of", "complete_look", "look_chooser"]


def look_chooser(
    rules: Sequence[LookRule], base: Look | None, styles: Collection[str]
) -> Callable[[Candidate], ClipLook | None]:
    """The function from a clip to its look that `plan_shots` takes as `look_of`.

    A look out of range, or of a style that the pack does not have, refuses its clip.

    Args:
        rules: of `--map`; () without.
        base: the command line's look; None leaves clips that ask for none as they are.
        styles: the names of the pack's styles.
    """
    default = None if base is None else clip_look_of(base)
    return looks_for(rules, default, styles=styles, check=lambda look: complete_look(look, base))


def complete_look(clip_look: ClipLook, base: Look | None = None) -> Look:
    """The look to paint.

    Args:
        clip_look: what a clip asks for.
        base: where it has None, this look's value is taken; None: the defaults of `Look`.

    Raises: LookError for no style in either, or a value out of its range.
    """
    if base is not None and clip_look == clip_look_of(base):
        return base  # not made again of weights that are rounded
    given: dict[str, Any] = {k: v for k, v in vars(clip_look).items() if v is not None}
    if "styles" in given:
        given["styles"] = dict(given["styles"])
    return Look(**given) if base is None else replace(base, **given)


def clip_look_of(look: Look) -> ClipLook:
    """The look as a clip would ask for it, with every field set."""
    data = look.as_data()
    return ClipLook.of_mix(data.pop("styles").items(), **data)
