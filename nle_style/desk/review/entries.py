"""What there is to judge of a cut: its rendered clips, from the reports beside them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from nle_style.errors import InputError, MediaError
from nle_style.media.base import find_sequence, is_pattern
from nle_style.media.colour import ColourSettings

__all__ = ["Entry", "look_words", "read_entries", "timelines_in_folder"]

_BATCH, _ITEM = "nle_style_batch_report", "nle_style_report"
_MAXIMUM_BYTES = 64 * 2**20
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Entry:
    """A rendered clip of a cut.

    Attributes:
        clip_id: its place in the timeline, as in the batch's report.
        name, track: as the editor knows it.
        timeline: in and out (exclusive) as timecode, or seconds; None where it has no place.
        source: the movie, the image, or a sequence's pattern.
        frames: the first and the last frame that the clip shows, zero-based positions in `source`.
        numbers: the same as people name them: of a sequence the numbers in its files' names.
        intermediate: the movie, the image, or the sequence's pattern.
        first: the position in `source` of the intermediate's first frame.
        rate: frames a second of both.
        size: width and height of both, in stored pixels.
        reading: how the source was read, as `render.plan.reading_facts` has it; {} by default.
        colour: how its colours were read.
        pack: SHA-256 of the style pack that painted it; "" where the report does not say.
        controls: the look as plain data, see `apply.Look.as_data`.
        label: the look in words: "blue 70%, fire 30%, strength 60%".
        painting: a hash of what it shows: the report's `frames_sha256`, or where it has none one of
            the source, the frames and the look. Another painting has another.
        checked: how many of its frames were decoded back and compared.
        stability: figures of its shots, as in the batch's report.
        notes: what an editor must know of it.
    """

    clip_id: str
    name: str
    track: str
    timeline: tuple[str, str] | None
    source: Path
    frames: tuple[int, int]
    numbers: tuple[int, int]
    intermediate: Path
    first: int
    rate: Fraction
    size: tuple[int, int]
    reading: Mapping[str, str]
    colour: ColourSettings
    pack: str
    controls: Mapping[str, Any]
    label: str
    painting: str
    checked: int
    stability: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many frames it shows."""
        return self.frames[1] - self.frames[0] + 1


def timelines_in_folder(folder: Path) -> tuple[Path, ...]:
    """The timelines that the batch reports of a folder are of, as they name them, by their names.

    Raises: InputError if the folder cannot be read.
    """
    return tuple(sorted({Path(each["timeline"]) for each in _reports(folder)}))


def read_entries(folder: Path, timeline: Path) -> tuple[Entry, ...]:
    """The rendered clips of a timeline, in the order of the cut.

    Of a clip that several batches rendered, the newest report counts whose intermediate is there,
    and is still the one that the report tells of. Only clips of the newest report are there.

    Args:
        folder: that batches rendered into. It may have been moved.
        timeline: that they rendered; its name counts, for it may have been moved too.
    Raises: InputError if the folder cannot be read.
    """
    reports = [each for each in _reports(folder) if Path(each["timeline"]).name == timeline.name]
    entries = []
    for clip in reports[0]["clips"] if reports else ():
        same = (other for report in reports for other in _found(report, clip))
        entry = next((made for each in same if (made := _entry(folder, *each)) is not None), None)
        if entry is not None:
            entries.append(entry)
    return tuple(sorted(entries, key=_place))


def _reports(folder: Path) -> list[Mapping[str, Any]]:
    """The batch reports of a folder, the newest first."""
    try:
        paths = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.report.json")]
        if not folder.is_dir():
            raise NotADirectoryError(0, "there is no such folder")
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})",
            where=str(folder),
            remedy="Give the folder that `nle-style batch` rendered into.",
        ) from error
    found = (_json(path, _BATCH) for _, path in sorted(paths, reverse=True))
    return [
        report
        for report in found
        if isinstance(report.get("timeline"), str) and isinstance(report.get("clips"), list)
    ]


def _json(path: Path, kind: str) -> Mapping[str, Any]:
    """A report of that kind; empty if it is none."""
    with suppress(OSError, ValueError, RecursionError):
        if path.stat().st_size <= _MAXIMUM_BYTES:
            data = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(data, dict) and data.get(kind) == 1:
                return data
    return {}


def _found(
    report: Mapping[str, Any], clip: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The report with what it has of the same clip, if it was rendered."""
    for other in report["clips"]:
        same = all(other.get(key) == clip.get(key) for key in ("clip_id", "name", "track"))
        if same and other.get("status") == "styled":
            yield report, other


def _entry(folder: Path, report: Mapping[str, Any], clip: Mapping[str, Any]) -> Entry | None:
    """None if the intermediate is gone, or another one stands there by now."""
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        named = _in_folder(folder, clip["intermediate"])
        stem = named.name if named.is_dir() else named.stem
        item = _json(named.with_name(f"{stem}.report.json"), _ITEM)
        controls = clip.get("controls", item["look"])
        (first, last), (begin, end) = clip["frames"], item["frames"]
        if controls != item["look"] or not begin <= first <= last <= end or not named.exists():
            return None
        source = Path(item["source"]["path"])
        number = _first_number(source)
        colour = report.get("colour") or {}
        ocio = colour.get("ocio")
        identity = json.dumps([str(source), first, last, controls], sort_keys=True)
        return Entry(
            clip_id=clip["clip_id"],
            name=clip["name"],
            track=clip["track"],
            timeline=None if clip["timeline"] is None else (*clip["timeline"],),
            source=source,
            frames=(first, last),
            numbers=(number + first, number + last),
            intermediate=named.parent / item["output"]["path"],
            first=begin,
            rate=Fraction(item["source"]["rate"]),
            size=(*item["source"]["size"],),
            reading=item["source"].get("reading", {}),
            colour=ColourSettings(colour.get("input", "auto"), ocio and Path(ocio)),
            pack=item.get("pack", {}).get("sha256", ""),
            controls=controls,
            label=look_words(controls),
            painting=clip.get("frames_sha256") or hashlib.sha256(identity.encode()).hexdigest(),
            checked=clip["frames_checked"],
            stability=tuple(clip["stability"]),
            notes=tuple(clip["notes"]),
        )
    return None


def _in_folder(folder: Path, text: str) -> Path:
    """An intermediate that a report names: in the folder where it is now, else where it was."""
    parts = Path(text).parts
    places = (folder.joinpath(*parts[start:]) for start in range(1, len(parts)))
    return next((place for place in places if place.exists()), folder / text)


def _first_number(source: Path) -> int:
    with suppress(MediaError):
        return find_sequence(source).first if is_pattern(source) else 0
    return 0


def _place(entry: Entry) -> tuple[Any, ...]:
    """Where a clip stands in the cut, to sort by; those without a place come last."""
    if entry.timeline is None:
        return True, [], entry.track, entry.frames
    numbers = [float(number) for number in _NUMBER.findall(entry.timeline[0])]
    return False, numbers, entry.track, entry.frames


def look_words(controls: Mapping[str, Any]) -> str:
    """A look for people: "blue 70%, fire 30%, strength 60%"; "blue to fire" where it changes.

    Args:
        controls: as `apply.Look.as_data` gives them.
    """
    keys = controls.get("keys", ())
    mixes = [key["styles"] for key in keys if key.get("styles")] or [controls["styles"]]
    words = [" to ".join(mix for mix, _ in groupby(map(_mix_words, mixes)))]
    if any(key.get("strength") is not None for key in keys):
        words.append("changing strength")
    elif controls["strength"] != 1:
        words.append(f"strength {controls['strength'] * 100:.0f}%")
    if controls["stroke_scale"] != 1:
        words.append(f"stroke scale {controls['stroke_scale']:g}")
    if controls["colour"] != "poster":
        words.append(f"colour {controls['colour']}")
    if controls.get("hold", 1) != 1:
        words.append(f"hold {controls['hold']}")
    return ", ".join(words)


def _mix_words(mix: Mapping[str, float]) -> str:
    if len(mix) == 1:
        return next(iter(mix))
    order = sorted(mix.items(), key=lambda style: (-style[1], style[0]))
    return ", ".join(f"{name} {weight * 100:.0f}%" for name, weight in order)
