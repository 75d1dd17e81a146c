"""`--only`: the clips of a cut that are styled, by name, reel, track, colour, marker or place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

from nle_style.errors import InputError
from nle_style.timeline.looks.look_map import SELECTORS, facts_of, matches, selector_of
from nle_style.timeline.needs import NO_LOOK, NOT_CHOSEN, Candidate, Plan

__all__ = ["check_chosen", "chosen_by"]

_CODE = r"\d{2}:\d{2}:\d{2}[:;.]\d{2,3}"
_RANGE = re.compile(rf"\s*({_CODE})\s*-\s*({_CODE})\s*")
_WORD = re.compile(r"([\w-]+)=(.*)", re.DOTALL)
_NAMED = 6  # clips that a message names
_REMEDY = (
    "Write a clip's name, or reel=ZZ*, track=V2, colour=Orange, marker=pink, or a range of the"
    " timeline as 01:00:10:00-01:00:20:00."
)


def chosen_by(
    texts: Iterable[str], instant: Callable[[str], Fraction]
) -> Callable[[Candidate], bool]:
    """The function that says whether a clip is meant: by one text of each kind that is given.

    Args:
        texts: each a glob for the clip's name, KEY=GLOB with a key of a map (`look_map.SELECTORS`;
            a marker by its colour or its name), or a range of timecodes, the out-point exclusive,
            of which the clip shows something. None: every clip is meant.
        instant: seconds from the timeline's start to a timecode of it.

    Raises:
        InputError: a text that is none of these; as `instant`.
    """
    globs: dict[str, list[str]] = defaultdict(list)
    ranges: list[tuple[Fraction, Fraction]] = []
    for text in texts:
        if span := _RANGE.fullmatch(text):
            begin, end = map(instant, span.groups())
            if end <= begin:
                raise _fault(f"'{text}' ends before it begins")
            ranges.append((begin, end))
            continue
        word = _WORD.fullmatch(text)
        key = "clip" if word is None else selector_of(word[1])
        if key not in SELECTORS:
            raise _fault(f"'{key}' is nothing that clips are chosen by")
        glob = (text if word is None else word[2]).strip()
        if not glob:
            raise _fault(f"'{text}' chooses nothing")
        globs[key].append(glob)

    def is_chosen(candidate: Candidate) -> bool:
        facts = facts_of(candidate)
        names = (str(marker.name) for marker in candidate.clip.markers if marker.name)
        facts["marker"] = (*facts["marker"], *names)
        return _overlaps(candidate, ranges) and all(
            any(matches(name, glob) for name in facts[key] for glob in wanted)
            for key, wanted in globs.items()
        )

    return is_chosen


def _overlaps(candidate: Candidate, ranges: list[tuple[Fraction, Fraction]]) -> bool:
    if not ranges or candidate.record is None:
        return not ranges
    first, end = candidate.record
    return any(first < last and begin < end for begin, last in ranges)


def _fault(what: str) -> InputError:
    return InputError(what, where="--only", remedy=_REMEDY)


def check_chosen(plan: Plan, timeline: Path) -> None:
    """Raises: InputError if `--only` chose no clip."""
    left_out = [clip for clip in plan.skipped if clip.reason == NOT_CHOSEN]
    others = [clip for clip in plan.skipped if clip.reason == NO_LOOK]
    if plan.uses or plan.refusals or others:
        return
    names = dict.fromkeys(f"'{clip.clip_name}' on {clip.track_name}" for clip in left_out)
    shown = ", ".join([*names][:_NAMED])
    raise InputError(
        "no clip is meant by --only",
        where=str(timeline),
        remedy=f"It has {shown}{', …' if len(names) > _NAMED else ''}.",
    )
