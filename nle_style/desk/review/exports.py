"""Verdicts for other programs: a table, and markers in a copy of the timeline."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.desk.review.entries import Entry
from nle_style.desk.review.verdicts import Verdict, Verdicts
from nle_style.timeline import ReadTimeline, exact_rate
from nle_style.timeline.looks import asks_look, mix_text
from nle_style.timeline.needs import clip_at
from nle_style.timeline.relink import portable_copy, write_timeline

__all__ = ["notes_csv", "write_markers"]

_COLUMNS = (
    *("clip", "track", "timeline in", "timeline out", "source", "first", "last", "look"),
    *("verdict", "note", "frame"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_COLOURS = {
    "approved": otio.schema.MarkerColor.GREEN,
    "sent back": otio.schema.MarkerColor.RED,
}


def notes_csv(entries: Iterable[Entry], verdicts: Verdicts) -> str:
    """A row for each clip: where it is, its look, what is said of it.

    Frames are numbered as people name them. The text begins with a byte order mark, without which
    spreadsheets take UTF-8 for something else; what a spreadsheet would run as a formula has an
    apostrophe before it. Source: OWASP, CSV injection.
    """
    text = io.StringIO()
    text.write("\ufeff")
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for entry in entries:
        said, offset = verdicts.of(entry), entry.numbers[0] - entry.frames[0]
        place = entry.timeline or ("", "")
        words = (entry.name, entry.track, *place, entry.source.name)
        frame = "" if said.frame is None else said.frame + offset
        table.writerow(
            [
                *map(_plain, words),
                *entry.numbers,
                *map(_plain, (entry.label, said.verdict or "", said.note)),
                frame,
            ]
        )
    return text.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def write_markers(
    read: ReadTimeline,
    entries: Iterable[Entry],
    verdicts: Verdicts,
    path: Path,
    looks: Mapping[str, str] | None = None,
) -> None:
    """Write a copy of a timeline with a marker on every clip that was judged, at its note's frame.

    Green is approved, red sent back, yellow a note alone. The marker also says the clip's look as
    `style: ...`, so that `nle-style batch` renders the copy by itself; markers that asked for a
    look before are taken off the clip. A look that changes is said where the clip plays at its
    source's rate; elsewhere the markers that asked for it stay.

    Args:
        read: the timeline that was rendered; it is not changed.
        path: the .otio to write; never the timeline itself.
        looks: what other clips shall look like, as a marker has it ("blue:0.7,fire:0.3", "none"),
            by their `clip_id`; each gets a marker that says it.
    Raises: OutputError, as `write_timeline`.
    """
    copy = portable_copy(read, "review")
    for clip_id, text in (looks or {}).items():
        with suppress(LookupError, ValueError):
            _mark_look(clip_at(copy, clip_id), text)
    for entry in entries:
        with suppress(LookupError, ValueError):
            _mark(clip_at(copy, entry.clip_id), entry, verdicts.of(entry))
    write_timeline(copy, path)


def _mark_look(clip: otio.schema.Clip, text: str) -> None:
    _drop_looks(clip)
    begin = clip.trimmed_range().start_time
    _add_marker(clip, "Look", begin, otio.schema.MarkerColor.BLUE, f"style: {text}")


def _mark(clip: otio.schema.Clip, entry: Entry, said: Verdict) -> None:
    speed = _speed(clip)
    looks = _look_text(entry, clip.trimmed_range(), speed)
    note = " / ".join(line.strip() for line in said.note.splitlines() if line.strip())
    # A note of several lines could hold one that asks for a look.
    lines = [f"style: {looks}"] if looks else []
    lines += [f"note: {note}"] if note else []
    if looks:
        _drop_looks(clip)
    colour = _COLOURS.get(said.verdict or "")
    if colour is None:
        colour = otio.schema.MarkerColor.YELLOW if note else otio.schema.MarkerColor.BLUE
    name = (said.verdict or ("note" if note else "look")).capitalize()
    _add_marker(clip, name, _instant(clip, entry, said.frame, speed), colour, "\n".join(lines))


def _drop_looks(clip: otio.schema.Clip) -> None:
    clip.markers[:] = [marker for marker in clip.markers if not asks_look(marker)]


def _add_marker(
    clip: otio.schema.Clip, name: str, at: otio.opentime.RationalTime, colour: str, comment: str
) -> None:
    one = otio.opentime.RationalTime(1, clip.trimmed_range().duration.rate)
    span = otio.opentime.TimeRange(at, one)
    marker = otio.schema.Marker(name=name, marked_range=span, color=colour, comment=comment)
    clip.markers.append(marker)


def _speed(clip: otio.schema.Clip) -> float:
    speed = 1.0
    for effect in clip.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= float(effect.time_scalar)
        elif isinstance(effect, otio.schema.TimeEffect):
            return 0.0
    return speed


def _instant(
    clip: otio.schema.Clip, entry: Entry, frame: int | None, speed: float
) -> otio.opentime.RationalTime:
    """Where in a clip's own time a frame of its source is seen; its first frame without one."""
    shown = clip.trimmed_range()
    if frame is None or speed <= 0:
        return shown.start_time
    try:
        begin = clip.visible_range().start_time  # the transition into it is among its frames
    except otio.exceptions.OTIOError:
        begin = shown.start_time
    passed = Fraction(frame - entry.frames[0]) / entry.rate / Fraction(speed)
    offset = otio.opentime.RationalTime(
        round(passed * exact_rate(shown.duration.rate)), shown.duration.rate
    )
    return max(shown.start_time, min(begin + offset, shown.end_time_inclusive()))


def _look_text(entry: Entry, shown: otio.opentime.TimeRange, speed: float) -> str:
    """A look as `timeline.looks.parse_look` reads it; "" for a change that cannot be said."""
    controls = entry.controls
    parts = [f"statistics {controls['statistics']}", f"colour {controls['colour']}"]
    parts += [f"stroke-scale {controls['stroke_scale']:.9g}"]
    parts += [f"hold {controls['hold']}"] if "hold" in controls else []
    keys = controls.get("keys", ())
    strength = f"strength {controls['strength']:.9g}"
    if not keys:
        return " ".join([mix_text(controls["styles"].items()), strength, *parts])
    plays_on = exact_rate(shown.duration.rate) == entry.rate and speed == 1
    begin = entry.frames[0]
    if not plays_on or shown.duration.value != entry.count or keys[0]["frame"] < begin:
        return ""
    mixes = any(key.get("styles") for key in keys)
    strengths = any(key.get("strength") is not None for key in keys)
    texts = []
    for place, key in enumerate(keys):
        said = [mix_text(key["styles"].items())] if key.get("styles") else []
        if key.get("strength") is not None:
            said.append(f"strength {key['strength']:.9g}")
        elif place == 0 and not strengths:
            said.append(strength)
        texts.append(f"{key['frame'] - begin}: {' '.join(said)}")
    steady = "" if mixes else f"{mix_text(controls['styles'].items())}, "
    return f"{steady}{', '.join(texts)} {' '.join(parts)}"
