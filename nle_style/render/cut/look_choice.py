"""The look of each clip of a cut: what the clip asks for, completed from the command line, its keys
at frames of the media."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from nle_style.apply import Look, LookKey
from nle_style.errors import TimelineError
from nle_style.timeline.looks import END, ClipLook, LookRule, looks_for
from nle_style.timeline.needs import Candidate, ClipUse

__all__ = ["clip_look_of", "complete_look", "look_chooser", "placed_look"]


def look_chooser(
    rules: Sequence[LookRule],
    base: Look | None,
    styles: Collection[str],
    rate: Fraction | None = None,
    instant: Callable[[str], Fraction] | None = None,
) -> Callable[[Candidate], ClipLook | None]:
    """The function from a clip to its look that `plan_shots` takes as `look_of`.

    A look out of range, or of a style that the pack does not have, refuses its clip.

    Args:
        rules: of `--map`; () without.
        base: the command line's look; None leaves clips that ask for none as they are.
        styles: the names of the pack's styles.
        rate: frames a second of the cut; None for each clip's.
        instant: as of `looks_for`.
    """
    default = None if base is None else clip_look_of(base)
    return looks_for(
        rules,
        default,
        styles=styles,
        check=lambda look: complete_look(look, base),
        rate=rate,
        instant=instant,
    )


def placed_look(look: ClipLook, use: ClipUse, rate: Fraction | None) -> ClipLook:
    """The look with its keys at positions in the file.

    Args:
        look: its keys count frames of the cut, from the clip's first one.
        use: the clip.
        rate: as of `look_chooser`.

    Raises: TimelineError if the frames that the clip shows do not say where the keys are.
    """
    if not look.frames:
        return look
    if use.way is None:
        raise TimelineError(
            "its look changes, and its retime (a freeze, reverse, a speed that changes) does not"
            " say at which frames of its media",
            remedy="Give it a look that stays, or render the retime as a movie and cut that in.",
        )
    offset, slope = use.way
    scale = Fraction(1) if rate is None else use.rate / rate
    there = {
        frame: round(offset + slope * (use.length - 1 if frame == END else Fraction(frame) * scale))
        for frame in look.frames
    }
    if len(set(there.values())) < len(there):
        raise TimelineError(
            "two keys of its look are at one frame of its media",
            remedy="Put them further apart, or leave one of them.",
        )

    def moved(keys: tuple[tuple[Any, Any], ...] | None) -> tuple[tuple[Any, Any], ...] | None:
        return keys and tuple(sorted((there[frame], value) for frame, value in keys))

    style_keys, strength_keys = moved(look.style_keys), moved(look.strength_keys)
    return replace(look, style_keys=style_keys, strength_keys=strength_keys)


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
    mixes, strengths = given.pop("style_keys", ()), given.pop("strength_keys", ())
    if clip_look.asks_style:
        given["styles"] = dict(given["styles"] if "styles" in given else mixes[0][1])
    if clip_look.asks_style or clip_look.asks_strength:
        given["keys"] = _keys_of(dict(mixes), dict(strengths))
    return Look(**given) if base is None else replace(base, **given)


def clip_look_of(look: Look) -> ClipLook:
    """The look as a clip would ask for it, with every field set."""
    return replace(ClipLook.of_data(look.as_data()), hold=look.hold)


def _keys_of(mixes: dict[Any, Any], strengths: dict[Any, float]) -> tuple[LookKey, ...]:
    frames = sorted({*mixes, *strengths})
    # Before a clip's frames are known its last one only has to be behind all others.
    last = 1 + max((round(frame) for frame in frames if frame != END), default=0)
    return tuple(
        LookKey(
            last if frame == END else round(frame),
            dict(mixes[frame]) if frame in mixes else None,
            strengths.get(frame),
        )
        for frame in frames
    )
