"""What of an earlier render is still right: of a sequence of which some frames changed, the others.

A frame file is kept if it was rendered by the same recipe (look, pack, engine, format, colours)
from the same files; with statistics by shot, if all frames of its shot are what they were and the
shot has the same ends. Then a new render would give the same bits. Its bytes must be those that
were decoded back when it was written. Frames are matched by the number in their file's name.

Only sequences that become sequences are reused: a movie's units are gone once it is joined.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nle_style.durable import settle
from nle_style.media.base import file_sha256, part_path
from nle_style.media.write import SEQUENCE_DIGITS, Unit, UnitRecord
from nle_style.render.plan import FrameInputs, ItemPlan
from nle_style.render.record import (
    MANIFEST_SUFFIX,
    Made,
    Manifest,
    UnitMeasurement,
    comparable_facts,
)

__all__ = ["LOST", "STARTED_OVER", "Earlier", "adopt", "decide", "find_earlier", "whole_reason"]

LOST = Made(False, "its earlier file is missing or was changed")
STARTED_OVER = Made(False, "started over, as asked for")
_KEPT = Made(True, "source unchanged")
_NAMED_SPANS = 3  # ranges of frames that a reason names; of more, only how many frames
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
    "paint": "painted frames",
    "memory": "memory setting",
    "engine": "engine",
}


@dataclass(frozen=True)
class Earlier:
    """A published sequence that was rendered by this recipe. All numbers are its files'.

    Attributes:
        folder: where its files are.
        shots: the first and the last frame of each.
        records, measured: the units and what was measured of them, by number.
    """

    folder: Path
    inputs: FrameInputs
    shots: frozenset[tuple[int, int]]
    records: Mapping[int, UnitRecord]
    measured: Mapping[int, UnitMeasurement]

    def file(self, number: int, suffix: str) -> Path:
        """The published file of a frame."""
        return self.folder / f"{self.folder.name}.{number:0{SEQUENCE_DIGITS}d}{suffix}"

    def same_shots(self, plan: ItemPlan) -> list[tuple[int, int]] | None:
        """The shots of a plan, if its frames are the very ones in which these were found."""
        ours, theirs = plan.inputs, self.inputs
        if ours is None or (ours.first_number, ours.source) != (theirs.first_number, theirs.source):
            return None
        shift = plan.number(0)
        return sorted((first - shift, last - shift) for first, last in self.shots)


def find_earlier(plan: ItemPlan) -> Earlier | None:
    """The published sequence that frames of a plan may be kept from: what stands under its name,
    else another range of the same source in the same folder."""
    if plan.inputs is None:
        return None
    for path in dict.fromkeys((plan.manifest.path, *plan.namesakes)):
        manifest = Manifest.last_published(path)
        earlier = None if manifest is None else _earlier(plan, plan.inputs, manifest)
        if earlier is not None:
            return earlier
    return None


def _earlier(plan: ItemPlan, inputs: FrameInputs, manifest: Manifest) -> Earlier | None:
    try:
        return _noted(plan, inputs, manifest)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None  # not a manifest of ours, or damaged: nothing is kept


def _noted(plan: ItemPlan, inputs: FrameInputs, manifest: Manifest) -> Earlier | None:
    render, published = manifest.render(), manifest.published()
    if render is None or published is None or "inputs" not in render:
        return None
    facts, theirs = render["facts"], FrameInputs.of(render["inputs"])
    folder = manifest.path.with_name(manifest.path.name.removesuffix(MANIFEST_SUFFIX))
    fits = _recipe(facts) == _recipe(plan.facts) and inputs.same_kind(theirs, plan.info)
    if not fits or not folder.is_dir():
        return None
    shift = theirs.first_number - facts["frames"][0]
    measured = manifest.measurements()
    records = manifest.units().values()
    return Earlier(
        folder=folder,
        inputs=theirs,
        shots=frozenset((first + shift, last + shift) for first, last in published["shots"]),
        records={record.first + shift: record for record in records},
        measured={
            record.first + shift: _moved(measured[record.index], shift)
            for record in records
            if record.index in measured
        },
    )


def _moved(measured: UnitMeasurement, shift: int) -> UnitMeasurement:
    pairs = tuple(pair._replace(frame=pair.frame + shift) for pair in measured.pairs)
    return replace(measured, pairs=pairs)


def _recipe(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A render's facts without what `FrameInputs` says frame by frame."""
    return comparable_facts(facts, ("source_fingerprint", "frames"), ("fingerprint",))


def whole_reason(plan: ItemPlan) -> Made:
    """Why all of an item is rendered, when nothing of an earlier render can be kept."""
    manifest = Manifest.last_published(plan.manifest.path)
    render = None if manifest is None else manifest.render()
    if render is None:
        return Made(False, "first render")
    before, now = render["facts"], comparable_facts(plan.facts)
    labels = [label for name, label in _LABELS.items() if before.get(name) != now.get(name)]
    if not labels:
        return Made(False, "what stood there is missing or was changed")
    *others, final = dict.fromkeys(labels)
    return Made(False, f"{', '.join(others)} and {final} changed" if others else f"{final} changed")


def decide(
    plan: ItemPlan, earlier: Earlier, shots: Sequence[tuple[int, int]], *, by_shot: bool
) -> list[Made]:
    """What becomes of every frame of a plan, in order: kept or rendered, and why.

    Args:
        shots: the plan's, as they are now: first and last frame of the source, inclusive.
        by_shot: whether frames are painted with statistics of their shot.
    """
    inputs = plan.inputs
    if inputs is None:
        raise ValueError("only frames of sequences are kept")
    frames = range(plan.first, plan.last + 1)
    new, changed, matte_changed = set(), set(), set()
    for index, frame in enumerate(frames):
        before = plan.number(frame) - earlier.inputs.first_number
        if not 0 <= before < len(earlier.inputs.source):
            new.add(frame)
        elif inputs.source[index] != earlier.inputs.source[before]:
            changed.add(frame)
        elif inputs.matte_parts(index) != earlier.inputs.matte_parts(before):
            matte_changed.add(frame)
    made = dict.fromkeys(frames, _KEPT)
    made |= _together(new, "{} not rendered before")
    made |= _together(changed, "source {} changed")
    made |= _together(matte_changed, "the matte of {} changed")
    if by_shot:
        for first, last in shots:
            shot = range(first, last + 1)
            its_changed = changed.intersection(shot)
            if its_changed:
                why = f"{_counted(sorted(its_changed))} of its shot changed"
            elif new.issuperset(shot) or (plan.number(first), plan.number(last)) in earlier.shots:
                continue
            else:
                why = "its shot has other ends than before"
            made |= dict.fromkeys(shot, Made(False, why))
    return [made[frame] for frame in frames]


def _together(frames: Iterable[int], why: str) -> dict[int, Made]:
    """One reason for each run of neighbouring frames."""
    return {
        frame: Made(False, why.format(_named([(first, last)])))
        for first, last in _spans(sorted(frames))
        for frame in range(first, last + 1)
    }


def _spans(frames: Sequence[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for frame in frames:
        if spans and frame == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], frame)
        else:
            spans.append((frame, frame))
    return spans


def _counted(frames: Sequence[int]) -> str:
    spans = _spans(frames)
    return _named(spans) if len(spans) <= _NAMED_SPANS else f"{len(frames)} frames"


def _named(spans: Sequence[tuple[int, int]]) -> str:
    text = ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in spans)
    single = len(spans) == 1 and spans[0][0] == spans[0][1]
    return f"frame {text}" if single else f"frames {text}"


def adopt(plan: ItemPlan, earlier: Earlier, unit: Unit) -> UnitRecord | None:
    """Bring a published frame into the work folder, as a finished unit.

    Args:
        unit: the frame, as this render numbers it.

    Returns:
        Its record; None if the file is not there as it was written, byte for byte.
    """
    number = plan.number(unit.first)
    record = earlier.records.get(number)
    file = earlier.file(number, plan.spec.extension)
    if record is None or not file.is_file() or file.stat().st_size != record.bytes:
        return None
    kept = plan.work / f"kept-{unit.index:06d}{plan.spec.extension}"
    part = part_path(kept)
    try:
        part.unlink(missing_ok=True)
        # What stands under this name gives way to the new folder, so that a second name will do.
        # Another folder stays: a program that wrote into one of its files would change both.
        if earlier.folder != plan.destination or not _linked(file, part):
            shutil.copyfile(file, part)
            shutil.copystat(file, part)
        if file_sha256(part) != record.sha256:
            return None
        settle(part, kept)
    except OSError:  # rendering it will say what is wrong with the disk, if anything is
        return None
    finally:
        part.unlink(missing_ok=True)
    return replace(record, index=unit.index, first=unit.first, last=unit.last, file=kept.name)


def _linked(file: Path, name: Path) -> bool:
    try:
        os.link(file, name)
    except OSError:
        return False
    return True
