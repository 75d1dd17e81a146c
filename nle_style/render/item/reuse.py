"""Frames of a sequence that an earlier render painted and that a new render would paint the same.

A frame file is kept if it was rendered with the same recipe (look, pack, engine, format, colours)
from the same source and matte files. With statistics of each frame that is every frame that did not
change. With statistics by shot (`hybrid`, the default, and `shot`) a frame depends on its whole
shot: one changed frame has all frames of its shot rendered again, and shots with other ends too.
The kept bytes must be those that were decoded back when they were written. Frames are matched by
the number in their file's name.

Only sequences that become sequences are reused: a movie's units are removed once it is joined.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nle_style.durable import file_sha256, part_path, replacing
from nle_style.errors import MediaError, OutputError
from nle_style.media.write import SEQUENCE_DIGITS, Unit
from nle_style.render.plan import FrameInputs, ItemPlan
from nle_style.render.record import MANIFEST_SUFFIX, FinishedUnit, Made, Manifest, comparable_facts
from nle_style.spans import spans_of, spans_text

__all__ = ["LOST", "STARTED_OVER", "Earlier", "adopt", "find_earlier", "reasons_for"]

LOST = Made(False, "its earlier file is missing or was changed")
STARTED_OVER = Made(False, "started over, as asked for")
_KEPT = Made(True, "source unchanged")
_NAMED_SPANS = 3  # ranges of frames that a reason names; of more, only how many frames
_BY_FRAME = ("source", "source_fingerprint", "first_number", "frames")
_LABELS = {
    "source_fingerprint": "source",
    "look": "look",
    "layers": "layers",
    "matte": "matte",
    "pack": "style pack",
    "pack_sha256": "style pack",
    "colour": "colour settings",
    "format": "output format",
    "depth": "output depth",
    "rate": "frame rate",
    "reading": "reading",
    "frames": "frame range",
    "first_number": "frame numbers",
    "paint": "painted frames",
    "memory": "memory setting",
    "engine": "engine",
}


@dataclass(frozen=True)
class Earlier:
    """A published sequence that was rendered with the same recipe. Frames have the numbers of their
    files.

    Attributes:
        folder: where its files are.
        shots: the first and the last frame of each.
        units: by frame.
    """

    folder: Path
    inputs: FrameInputs
    shots: frozenset[tuple[int, int]]
    units: Mapping[int, FinishedUnit]

    def same_shots(self, plan: ItemPlan) -> list[tuple[int, int]] | None:
        """The shots of a plan, if these were found in exactly its frames."""
        ours, theirs = plan.inputs, self.inputs
        if ours is None or (ours.first_number, ours.source) != (theirs.first_number, theirs.source):
            return None
        shift = plan.number(0)
        return sorted((first - shift, last - shift) for first, last in self.shots)


def find_earlier(plan: ItemPlan) -> Earlier | None:
    """The published sequence from which frames of a plan may be kept: what stands under its name,
    else another range of the same source in the same folder."""
    for file in dict.fromkeys((plan.manifest.file, *plan.namesakes)):
        manifest = file.last_published() if plan.inputs is not None else None
        try:
            earlier = None if manifest is None else _earlier(plan, manifest)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, MediaError):
            continue  # the manifest is damaged, or not one of ours
        if earlier is not None:
            return earlier
    return None


def _earlier(plan: ItemPlan, manifest: Manifest) -> Earlier | None:
    render, published = manifest.render(), manifest.published()
    if render is None or published is None or "inputs" not in render or plan.inputs is None:
        return None
    facts, inputs = render["facts"], FrameInputs(**render["inputs"])
    folder = manifest.path.with_name(manifest.path.name.removesuffix(MANIFEST_SUFFIX))
    same = _recipe(facts) == _recipe(plan.facts) and plan.inputs.same_kind(inputs, plan.info)
    if not same or not folder.is_dir():
        return None
    shift = inputs.first_number - facts["frames"][0]
    return Earlier(
        folder=folder,
        inputs=inputs,
        shots=frozenset((first + shift, last + shift) for first, last in published["shots"]),
        units={unit.record.first + shift: unit for unit in manifest.units().values()},
    )


def _recipe(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A render's facts without what `FrameInputs` has frame by frame."""
    looks = [facts["look"], *(layer["look"] for layer in facts.get("layers", ()))]
    by_frame = set(_BY_FRAME)
    if any("keys" in look for look in looks):
        by_frame.remove("first_number")  # keys count from the first file
    return comparable_facts(facts, by_frame, ("source", "fingerprint"))


def reasons_for(
    plan: ItemPlan,
    earlier: Earlier | None,
    units: Sequence[Unit],
    shots: Sequence[tuple[int, int]],
) -> dict[Unit, Made]:
    """For each of some units, whether it can be kept, and why or why not.

    Args:
        earlier: from `find_earlier`.
        shots: the plan's as they are now: first and last frame of the source, inclusive.
    """
    inputs = plan.inputs
    if earlier is None or inputs is None:
        return dict.fromkeys(units, _reason_for_all(plan))
    theirs = earlier.inputs
    new, changed, matte_changed = set(), set(), set()
    for index, frame in enumerate(range(plan.first, plan.last + 1)):
        before = plan.number(frame) - theirs.first_number
        if not 0 <= before < len(theirs.source):
            new.add(frame)
        elif inputs.source[index] != theirs.source[before]:
            changed.add(frame)
        elif [m[index] for m in inputs.mattes] != [m[before] for m in theirs.mattes]:
            matte_changed.add(frame)
    reasons = {
        **_by_span(new, "{} not rendered before"),
        **_by_span(changed, "source {} changed"),
        **_by_span(matte_changed, "the matte of {} changed"),
    }
    for first, last in shots if plan.needs_shots else ():
        shot = range(first, last + 1)
        its_changed = changed.intersection(shot)
        if its_changed:
            why = f"{_frames_text(its_changed)} of its shot changed"
        elif new.issuperset(shot) or (plan.number(first), plan.number(last)) in earlier.shots:
            continue
        else:
            why = "its shot has other ends than before"
        reasons |= dict.fromkeys(shot, why)
    return {
        unit: Made(False, reasons[unit.first]) if unit.first in reasons else _KEPT for unit in units
    }


def _reason_for_all(plan: ItemPlan) -> Made:
    """Why all of an item is rendered, when nothing of an earlier render can be kept."""
    manifest = plan.manifest.file.last_published()
    render = None if manifest is None else manifest.render()
    if render is None:
        return Made(False, "first render")
    before, now = render["facts"], comparable_facts(plan.facts)
    labels = [label for name, label in _LABELS.items() if before.get(name) != now.get(name)]
    if not labels:
        return Made(False, "what stood there is missing or was changed")
    *others, final = dict.fromkeys(labels)
    return Made(False, f"{', '.join(others)} and {final} changed" if others else f"{final} changed")


def _by_span(frames: Collection[int], why: str) -> dict[int, str]:
    """By frame the reason, which names the run of neighbouring frames that it is in."""
    return {
        frame: why.format(_frames_text(range(first, last + 1)))
        for first, last in spans_of(frames)
        for frame in range(first, last + 1)
    }


def _frames_text(frames: Collection[int]) -> str:
    spans = spans_of(frames)
    if len(spans) > _NAMED_SPANS:
        return f"{len(frames)} frames"
    return f"frame{'s' if len(frames) > 1 else ''} {spans_text(spans)}"


def adopt(plan: ItemPlan, earlier: Earlier, unit: Unit) -> FinishedUnit | None:
    """Bring a published frame into the work folder, as a finished unit.

    Args:
        unit: the frame, as this render numbers it.

    Returns:
        The unit, its measurement included; None if the file is not there byte for byte as it was
        written.
    """
    number = plan.number(unit.first)
    noted = earlier.units.get(number)
    suffix = plan.spec.extension
    file = earlier.folder / f"{earlier.folder.name}.{number:0{SEQUENCE_DIGITS}d}{suffix}"
    if noted is None or not file.is_file() or file.stat().st_size != noted.record.bytes:
        return None
    kept = plan.work / f"kept-{unit.index:06d}{suffix}"
    try:
        with replacing(kept, part_path(kept)) as part:
            # What stands under this name gives way to the new folder, so that a second name will
            # do. Another folder stays: what is written into one of its files would change both.
            if earlier.folder != plan.destination or not _linked(file, part):
                shutil.copyfile(file, part)
                shutil.copystat(file, part)
            if file_sha256(part) != noted.record.sha256:
                raise OSError("other bytes than were recorded")
    except OutputError:  # rendering it will say what is wrong with the disk, if anything is
        return None
    record = replace(
        noted.record, index=unit.index, first=unit.first, last=unit.last, file=kept.name
    )
    measured = noted.measured
    if measured is not None:
        pairs = tuple(pair._replace(frame=unit.first) for pair in measured.pairs)
        measured = measured._replace(pairs=pairs)
    return FinishedUnit(record, measured)


def _linked(file: Path, name: Path) -> bool:
    try:
        os.link(file, name)
    except OSError:
        return False
    return True
