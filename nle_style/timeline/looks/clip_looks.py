"""The look of each clip of a cut, from its markers, its metadata, its track or a map file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from nle_style.errors import InputError, TimelineError
from nle_style.timeline.frames import exact_rate, usable_range
from nle_style.timeline.looks.look_map import LookRule, entry, facts_of
from nle_style.timeline.looks.look_text import (
    CONTROLS,
    ClipLook,
    parse_look,
    with_control,
    with_key,
)
from nle_style.timeline.needs import REFERENCE_KEY, Candidate
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["asks_look", "looks_for", "markers_without_clip"]

_STYLE = re.compile(r"^[ \t]*(?:nle[-_ ]?)?style[ \t]*[:=](.*)$", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(
    r"^[ \t]*(?:nle[-_ ]?)?style[-_ ]key[ \t]*[:=](.*)$", re.IGNORECASE | re.MULTILINE
)
_FRAME = re.compile(r"\d+|end", re.IGNORECASE)
# Where the FCP7 XML adapter, DaVinci Resolve's .otio and our reader of FCPXML keep a marker's note.
_NOTES = (("fcp_xml", "comment"), ("Resolve_OTIO", "Note"), (SOURCE_KEY, "note"))


_PlacedRule = tuple[LookRule, Fraction | None]
"""A rule and the instant that its `at` means, in seconds from the timeline's start."""


@dataclass(frozen=True)
class _Asked:
    """A look that was asked for; None leaves the clip as it is. `origin` is for messages."""

    origin: str
    look: ClipLook | None


def looks_for(
    rules: Sequence[LookRule],
    default: ClipLook | None,
    *,
    styles: Collection[str] = (),
    check: Callable[[ClipLook], object] | None = None,
    rate: Fraction | None = None,
    instant: Callable[[str], Fraction] | None = None,
) -> Callable[[Candidate], ClipLook | None]:
    """The function that `timeline.needs.plan_shots` asks for the look of a clip.

    The first of these that asks for a look counts: the first rule that fits and overrides, a marker
    on the clip, the clip's metadata["nle_style"], the same two of its track and of the nests around
    it from the inside out, the first rule that fits. What it leaves open is as in `default`.
    Without any of them a clip gets `default`.

    Args:
        rules: from `read_look_map`.
        default: the command line's look; None if it gives none, and such clips stay as they are.
        styles: names of the pack's styles. Names in markers then mean them in any case (locators of
            an EDL are in capitals), and others are refused. Empty: names are taken as they are.
        check: called with each look; an InputError of it refuses the clip.
        rate: frames a second of the cut, in which the frames of keys count; None for each clip's.
        instant: seconds from the timeline's start to a timecode of it, for rules with `at`.

    Raises: InputError of `instant`.

    Returns:
        A function of a candidate: its look with `default` filled in; None to leave the clip as it
        is. It raises TimelineError where a clip asks for something that cannot be understood.
    """

    placed = [
        (rule, instant(rule.at) if rule.at is not None and instant is not None else None)
        for rule in rules
    ]

    def look_of(candidate: Candidate) -> ClipLook | None:
        asked = _asked(candidate, placed, rate)
        if asked is None:
            return default
        if asked.look is None:
            return None
        try:
            look = _known(_filled(asked.look, default), styles)
            if check is not None:
                check(look)
        except InputError as error:
            raise TimelineError(f"{asked.origin}: {error.what}", remedy=error.remedy) from error
        return look

    return look_of


def asks_look(marker: otio.schema.Marker) -> bool:
    """Whether a marker asks for a look, or for one key of it."""
    return bool(_style_texts(marker) or _texts(marker, _KEY))


def markers_without_clip(timeline: otio.schema.Timeline) -> tuple[str, ...]:
    """Markers that ask for a look but belong to no clip: on the timeline itself, and on gaps.

    Returns:
        A sentence for each, for a warning.
    """
    found = []
    for item in (timeline.tracks, *timeline.find_children(descended_from_type=otio.schema.Gap)):
        place = "a gap" if isinstance(item, otio.schema.Gap) else "the timeline"
        found += [
            f"the marker '{_quoted(text)}' is on {place}, and so no clip's: put it on a clip or "
            "a track"
            for marker in item.markers
            for text in (*_style_texts(marker), *_texts(marker, _KEY))
        ]
    return tuple(found)


def _asked(
    candidate: Candidate, rules: Sequence[_PlacedRule], rate: Fraction | None
) -> _Asked | None:
    facts = facts_of(candidate) if rules else {}
    fitting = [rule for rule, at in rules if rule.fits(facts) and _is_seen(candidate, rule.at, at)]
    ruled = sorted(fitting, key=lambda rule: not rule.override)[:1]
    if ruled and ruled[0].override:
        return _Asked(ruled[0].where, ruled[0].look)
    asked = _of_markers(candidate.clip, rate=rate) or _of_metadata(candidate.clip)
    for around in reversed(candidate.parents):
        if asked is not None:
            return asked
        kind = "track" if isinstance(around, otio.schema.Track) else "nest"
        of = f"of the {kind} '{around.name}'" if around.name else f"of its {kind}"
        asked = _of_markers(around, of) or _of_metadata(around, of)
    if asked is not None or not ruled:
        return asked
    return _Asked(ruled[0].where, ruled[0].look)


def _is_seen(candidate: Candidate, asked: str | None, at: Fraction | None) -> bool:
    """Whether a clip is seen at an instant of the timeline, if one is asked for."""
    if asked is None:
        return True
    if at is None or candidate.record is None:
        return False
    first, end = candidate.record
    return first <= at < end


def _of_markers(
    item: otio.schema.Item, of: str = "", rate: Fraction | None = None
) -> _Asked | None:
    keys = [(marker, text) for marker in item.markers for text in _texts(marker, _KEY)]
    asking = [(marker, text) for marker in item.markers for text in _style_texts(marker)]
    if len(asking) > 1:
        # A clip that was cut in two has all markers on both halves, and the editor shows those
        # within each half. One marker always counts: some adapters give other times for markers.
        asking = [pair for pair in asking if _is_within(pair[0], item)] or asking
    asked = [_parsed(text, _origin(f"marker '{_quoted(text)}'", of)) for _, text in asking]
    if len({one.look for one in asked}) + bool(keys) > 1:
        said = [_quoted(text) for _, text in asking]
        said += [_quoted(text, "style key") for _, text in keys]
        raise TimelineError(
            f"its markers disagree: {' and '.join(map(repr, said))}",
            remedy="Leave one of them; a look that changes has `style key:` on all its markers.",
        )
    if keys:
        return _Asked(_origin("key markers", of), _of_keys(item, keys, rate))
    return asked[0] if asked else None


def _of_keys(
    item: otio.schema.Item, keys: Sequence[tuple[otio.schema.Marker, str]], rate: Fraction | None
) -> ClipLook:
    """The look of markers that are keys, each at its marker's frame. After a blade both halves have
    all of them, so that those outside of a half count too."""
    if not isinstance(item, otio.schema.Clip):
        raise TimelineError(
            "its track or nest has key markers, and only a clip's own have frames of it",
            remedy="Put them on the clip.",
        )
    if len(keys) == 1:
        raise TimelineError(
            f"it has one key alone: '{_quoted(keys[0][1], 'style key')}'",
            remedy="Put a second marker with `style key:` on it, or write `style:`.",
        )
    shown = item.trimmed_range()
    media = usable_range(item.media_reference)
    there = media or shown
    look = ClipLook()
    for marker, text in keys:
        at = marker.marked_range.start_time
        if media is not None and "fcp_xml" in marker.metadata:
            at += media.start_time  # FCP7 XML counts from the file's first frame
        if not there.start_time <= at <= there.end_time_exclusive():
            raise TimelineError(
                f"the marker '{_quoted(text, 'style key')}' is outside of its media",
                remedy="Give the keys as frames in one marker: `style: 0: blue, 48: fire`.",
            )
        passed = _seconds(at) - _seconds(shown.start_time)
        look = with_key(look, passed * (rate or exact_rate(shown.duration.rate)), text)
    return look


def _seconds(time: otio.opentime.RationalTime) -> Fraction:
    return Fraction(time.value) / exact_rate(time.rate)


def _style_texts(marker: otio.schema.Marker) -> list[str]:
    """What follows "style:" in a marker's texts; the same text once."""
    return _texts(marker, _STYLE)


def _texts(marker: otio.schema.Marker, line: re.Pattern[str]) -> list[str]:
    notes = [entry(marker.metadata.get(space), key) for space, key in _NOTES]
    texts = [marker.name, marker.comment, *notes]
    found = [match.strip() for text in texts for match in line.findall(str(text or ""))]
    return list(dict.fromkeys(found))


def _parsed(values: Any, origin: str) -> _Asked:
    try:
        return _Asked(origin, _of_values(values))
    except TimelineError as error:
        raise TimelineError(f"{origin}: {error.what}", remedy=error.remedy) from error


def _origin(thing: str, of: str) -> str:
    return f"the {thing} {of}" if of else f"its {thing}"


def _quoted(text: str, word: str = "style") -> str:
    return f"{word}: {text}" if len(text) <= 60 else f"{word}: {text[:57]}..."


def _is_within(marker: otio.schema.Marker, item: otio.schema.Item) -> bool:
    try:
        shown = item.trimmed_range()
    except otio.exceptions.OTIOError:
        return False
    return bool(shown.contains(marker.marked_range.start_time))


def _of_metadata(item: otio.schema.Item, of: str = "") -> _Asked | None:
    if REFERENCE_KEY not in item.metadata:
        return None
    return _parsed(item.metadata[REFERENCE_KEY], _origin(f"metadata '{REFERENCE_KEY}'", of))


def _of_values(values: Any) -> ClipLook | None:
    """{"style": "fire", "strength": 0.6, ...}, or a text as in a marker."""
    if isinstance(values, str):
        return parse_look(values)
    if isinstance(values, Mapping) and values and all(map(_FRAME.fullmatch, map(str, values))):
        values = {"style": values}
    if not isinstance(values, Mapping) or not values or set(values) - {"style", *CONTROLS}:
        raise TimelineError(
            "it is no look",
            remedy=f"It holds style, {', '.join(CONTROLS)}, or is a text as in a marker.",
        )
    look: ClipLook | None = ClipLook()
    for name in ("style", *CONTROLS):
        value = values.get(name)
        if name in ("style", "strength") and isinstance(value, Mapping):
            word = "" if name == "style" else "strength "
            for frame, text in value.items():
                look = with_key(look, str(frame), f"{word}{text}")
        elif name in values:
            look = (
                parse_look(str(value)) if name == "style" else with_control(look, name, str(value))
            )
    return look


def _filled(look: ClipLook, default: ClipLook | None) -> ClipLook:
    given = {field.name for field in fields(look) if getattr(look, field.name) is not None}
    given |= {"styles", "style_keys"} if look.asks_style else set()
    given |= {"strength", "strength_keys"} if look.asks_strength else set()
    if default is not None:
        rest = {field.name for field in fields(look)} - given
        look = replace(look, **{name: getattr(default, name) for name in rest})
    if not look.asks_style:
        raise TimelineError(
            "it names no style, and the command line gives none", remedy="Name a style."
        )
    return look


def _known(look: ClipLook, styles: Collection[str]) -> ClipLook:
    """The look with its styles spelt as the pack spells them."""
    if not styles:
        return look
    if look.style_keys is not None:
        keys = tuple((frame, _spelt(mix, styles)) for frame, mix in look.style_keys)
        return replace(look, style_keys=keys)
    return replace(look, styles=_spelt(look.styles or (), styles))


def _spelt(
    mix: Sequence[tuple[str, float]], styles: Collection[str]
) -> tuple[tuple[str, float], ...]:
    weights = []
    for name, weight in mix:
        alike = [style for style in styles if style.casefold() == name.casefold()]
        if name not in styles and len(alike) != 1:
            near = difflib.get_close_matches(name, styles, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
            raise TimelineError(
                f"unknown style '{name}'", remedy=f"{hint}The pack has: {', '.join(styles)}."
            )
        weights.append((name if name in styles else alike[0], weight))
    return ClipLook.of_mix(weights).styles or ()
