"""The look of each clip of a cut, from its markers, its metadata, its track or a map file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import opentimelineio as otio

from nle_style.errors import InputError, TimelineError
from nle_style.timeline.looks.look_map import LookRule, entry, facts_of
from nle_style.timeline.looks.look_text import CONTROLS, ClipLook, parse_look, with_control
from nle_style.timeline.needs import REFERENCE_KEY, Candidate
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["looks_for", "markers_without_clip"]

_STYLE = re.compile(r"^[ \t]*(?:nle[-_ ]?)?style[ \t]*[:=](.*)$", re.IGNORECASE | re.MULTILINE)
# Where the FCP7 XML adapter, DaVinci Resolve's .otio and our reader of FCPXML keep a marker's note.
_NOTES = (("fcp_xml", "comment"), ("Resolve_OTIO", "Note"), (SOURCE_KEY, "note"))


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
) -> Callable[[Candidate], ClipLook | None]:
    """The function that `timeline.needs.plan_shots` asks for the look of a clip.

    The first of these that asks for a look counts: a marker on the clip, the clip's
    metadata["nle_style"], the same two of its track and of the nests around it from the inside
    out, the first rule that fits. What it leaves open is as in `default`. Without any of them a
    clip gets `default`.

    Args:
        rules: from `read_look_map`.
        default: the command line's look; None if it gives none, and such clips stay as they are.
        styles: names of the pack's styles. Names in markers then mean them in any case (locators of
            an EDL are in capitals), and others are refused. Empty: names are taken as they are.
        check: called with each look; an InputError of it refuses the clip.

    Returns:
        A function of a candidate: its look with `default` filled in; None to leave the clip as it
        is. It raises TimelineError where a clip asks for something that cannot be understood.
    """

    def look_of(candidate: Candidate) -> ClipLook | None:
        asked = _asked(candidate, rules)
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
            for text in _style_texts(marker)
        ]
    return tuple(found)


def _asked(candidate: Candidate, rules: Sequence[LookRule]) -> _Asked | None:
    asked = _of_markers(candidate.clip) or _of_metadata(candidate.clip)
    for around in reversed(candidate.parents):
        if asked is not None:
            return asked
        kind = "track" if isinstance(around, otio.schema.Track) else "nest"
        of = f"of the {kind} '{around.name}'" if around.name else f"of its {kind}"
        asked = _of_markers(around, of) or _of_metadata(around, of)
    if asked is not None or not rules:
        return asked
    facts = facts_of(candidate)
    rule = next((rule for rule in rules if rule.fits(facts)), None)
    return None if rule is None else _Asked(rule.where, rule.look)


def _of_markers(item: otio.schema.Item, of: str = "") -> _Asked | None:
    asking = [(marker, text) for marker in item.markers for text in _style_texts(marker)]
    if len(asking) > 1:
        # A clip that was cut in two has all markers on both halves, and the editor shows those
        # within each half. One marker always counts: some adapters give other times for markers.
        asking = [pair for pair in asking if _is_within(pair[0], item)] or asking
    asked = [_parsed(text, _origin(f"marker '{_quoted(text)}'", of)) for _, text in asking]
    if len({one.look for one in asked}) > 1:
        raise TimelineError(
            f"its markers disagree: {' and '.join(repr(_quoted(text)) for _, text in asking)}",
            remedy="Leave one of them.",
        )
    return asked[0] if asked else None


def _style_texts(marker: otio.schema.Marker) -> list[str]:
    """What follows "style:" in a marker's texts; the same text once."""
    notes = [entry(marker.metadata.get(space), key) for space, key in _NOTES]
    texts = [marker.name, marker.comment, *notes]
    found = [match.strip() for text in texts for match in _STYLE.findall(str(text or ""))]
    return list(dict.fromkeys(found))


def _parsed(values: Any, origin: str) -> _Asked:
    try:
        return _Asked(origin, _of_values(values))
    except TimelineError as error:
        raise TimelineError(f"{origin}: {error.what}", remedy=error.remedy) from error


def _origin(thing: str, of: str) -> str:
    return f"the {thing} {of}" if of else f"its {thing}"


def _quoted(text: str) -> str:
    return f"style: {text}" if len(text) <= 60 else f"style: {text[:57]}..."


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
    if not isinstance(values, Mapping) or not values or set(values) - {"style", *CONTROLS}:
        raise TimelineError(
            "it is no look",
            remedy=f"It holds style, {', '.join(CONTROLS)}, or is a text as in a marker.",
        )
    look = parse_look(str(values["style"])) if "style" in values else ClipLook()
    for name in CONTROLS:
        if name in values:
            look = with_control(look, name, str(values[name]))
    return look


def _filled(look: ClipLook, default: ClipLook | None) -> ClipLook:
    open_fields = [field.name for field in fields(look) if getattr(look, field.name) is None]
    if default is not None:
        look = replace(look, **{name: getattr(default, name) for name in open_fields})
    if look.styles is None:
        raise TimelineError(
            "it names no style, and the command line gives none", remedy="Name a style."
        )
    return look


def _known(look: ClipLook, styles: Collection[str]) -> ClipLook:
    """The look with its styles spelt as the pack spells them."""
    if not styles:
        return look
    weights = []
    for name, weight in look.styles or ():
        alike = [style for style in styles if style.casefold() == name.casefold()]
        if name not in styles and len(alike) != 1:
            near = difflib.get_close_matches(name, styles, n=2, cutoff=0.5)
            hint = f"Did you mean {' or '.join(repr(n) for n in near)}? " if near else ""
            raise TimelineError(
                f"unknown style '{name}'", remedy=f"{hint}The pack has: {', '.join(styles)}."
            )
        weights.append((name if name in styles else alike[0], weight))
    return replace(look, styles=ClipLook.of_mix(weights).styles)
