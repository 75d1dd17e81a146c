"""The report of a batch: every clip of the cut, what it became, how that was checked, and what an
editor must know. Written as `CUT.LOOK.report.json`, and as Markdown for people.

The keys are in docs/report.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nle_style.media import INTERMEDIATES
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.clip_table import (
    ClipEnd,
    clip_counts,
    clip_identity,
    clip_place,
    clips_exit_code,
    ends_of_items,
)
from nle_style.render.item import ItemResult
from nle_style.render.outcomes import Outcome, summary
from nle_style.render.plan import ItemPlan, look_notes
from nle_style.render.record import report_path
from nle_style.timeline.needs import ClipUse, Refusal, Skipped, SourceRange

__all__ = [
    "BATCH_REPORT_VERSION",
    "as_markdown",
    "build_batch_report",
    "frames_sha256",
    "report_paths",
]

BATCH_REPORT_VERSION = 1
"""Of the keys: new ones may come without raising it; a changed or dropped one raises it."""

_UNMEASURED = "–"


@dataclass(frozen=True)
class _Made:
    """A delivered intermediate and what lies beside it.

    Attributes:
        hashes: by source frame, of every painted frame that was decoded back; see
            `media.write.frame_hash`.
        report: its `NAME.report.json`; empty without one.
    """

    plan: ItemPlan
    hashes: Mapping[int, str]
    report: Mapping[str, Any]


def build_batch_report(
    batch: PlannedBatch, items: Sequence[ItemResult], written: Iterable[Path]
) -> dict[str, Any]:
    """The report as plain data.

    Args:
        items: how the batch's job ended, one for each range of its plan.
        written: the timelines that were made.
    """
    ends = [_standing(end) for end in ends_of_items(batch.plan, items)]
    by_range = {
        wanted: _made(item.plan)
        for wanted, item in zip(batch.plan.ranges, items, strict=True)
        if item.plan is not None and item.error is None
    }
    clips = [_clip(batch, end, by_range) for end in ends]
    status = Counter(clip["status"] for clip in clips)
    made = {each.plan.destination: each for each in by_range.values()}.values()
    return {
        "nle_style_batch_report": BATCH_REPORT_VERSION,
        "timeline": str(batch.read.path),
        "look": batch.label,
        "handles": batch.output.handles,
        "colour": _colour(batch),
        "written": [str(path) for path in written],
        "totals": {
            "styled": status["styled"],
            "refused": status["refused"],
            "skipped": status["skipped"],
            "missing": sum(clip["outcome"] == Outcome.missing for clip in clips),
            "damaged": sum(clip["outcome"] == Outcome.damaged for clip in clips),
            "intermediates": len(made),
            "frames_painted": sum(b - a + 1 for each in made for a, b in each.plan.painted),
            "frames_checked": sum(len(each.hashes) for each in made),
        },
        "summary": summary(clip_counts(ends)),
        "exit_code": clips_exit_code(ends),
        "notes": list(batch.notes),
        "clips": clips,
    }


def _colour(batch: PlannedBatch) -> dict[str, Any] | None:
    """How the sources' colours were read, as in a job; None where nothing was planned."""
    if batch.job is None:
        return None
    colour = batch.job.colour
    return {"input": colour.input, "ocio": colour.ocio and str(colour.ocio.absolute())}


def _made(plan: ItemPlan) -> _Made:
    hashes = {
        unit.record.first + offset: value
        for unit in plan.manifest.units().values()
        for offset, value in enumerate(unit.record.frame_hashes)
    }
    painted = {f: hashes[f] for a, b in plan.painted for f in range(a, b + 1) if f in hashes}
    try:
        report = json.loads(report_path(plan.manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        report = None
    return _Made(plan, painted, report if isinstance(report, dict) else {})


def _standing(end: ClipEnd) -> ClipEnd:
    """A report says what is there, however often it is made: `present` is `delivered` in it."""
    is_present = end.outcome is Outcome.present
    return replace(end, outcome=Outcome.delivered) if is_present else end


def _clip(
    batch: PlannedBatch, end: ClipEnd, by_range: Mapping[SourceRange, _Made]
) -> dict[str, Any]:
    clip = end.clip
    status = "skipped" if isinstance(clip, Skipped) else "refused" if end.error else "styled"
    entry = {**clip_identity(clip), "status": status, "outcome": end.outcome.value}
    if isinstance(clip, Skipped):
        return {**entry, "reason": clip.reason}
    if isinstance(clip, Refusal):
        return {**entry, "reason": clip.reason, "remedy": clip.remedy}
    entry |= clip_place(batch.read, clip)
    if end.error is not None:
        return {**entry, "look": batch.label, **end.error.as_data()}
    return {**entry, **_styled(batch, clip, by_range[clip.range])}


def _styled(batch: PlannedBatch, use: ClipUse, made: _Made) -> dict[str, Any]:
    plan = made.plan
    return {
        "look": plan.look.label,
        "controls": plan.look.as_data(),
        "painted_at": list(plan.painted_at) if plan.painted_at else None,
        "intermediate": str(plan.destination),
        "format": plan.spec.format,
        "frames_checked": sum(frame in made.hashes for frame in range(use.first, use.last + 1)),
        "frames_sha256": frames_sha256(made.hashes, use.first, use.last),
        "stability": [
            {"frames": shot["frames"], **shot["stability"]}
            for shot in made.report.get("shots", [])
            if shot["frames"][0] <= use.last and use.first <= shot["frames"][1]
        ],
        "notes": _notes(use, made, batch.output.handles),
    }


def frames_sha256(hashes: Mapping[int, str], first: int, last: int) -> str | None:
    """SHA-256 over the frame hashes of `first`..`last` in order, each followed by a line feed.

    Returns: hexadecimal; None if a frame was not decoded back.
    """
    if not all(frame in hashes for frame in range(first, last + 1)):
        return None
    text = "".join(f"{hashes[frame]}\n" for frame in range(first, last + 1))
    return hashlib.sha256(text.encode()).hexdigest()


def _notes(use: ClipUse, made: _Made, handles: int) -> list[str]:
    """What an editor must know of a clip that was styled."""
    plan, end = made.plan, made.plan.info.frame_count - 1
    notes = [use.note] if use.note else []
    spans = (span for span in plan.painted if span[0] <= use.first <= span[1])
    begin, last = next(spans, (use.first, use.last))
    if begin == 0 and use.first < handles:
        notes.append(f"{use.first} of {handles} handle frames before it: its media begins there")
    if last == end and end - use.last < handles:
        after = end - use.last
        notes.append(f"{after} of {handles} handle frames after it: its media ends there")
    if plan.sparse:
        notes.append(
            f"the intermediate is black outside frames {begin}-{last}: slip or extend the clip no "
            "further"
        )
    if not INTERMEDIATES[plan.spec.format].exact:
        notes.append(f"{plan.spec.format} is lossy: for editing, not for the final grade")
    notes += look_notes(plan.looks, plan.info)
    return notes + [w for w in made.report.get("warnings", []) if "are painted" not in w]


def as_markdown(report: Mapping[str, Any]) -> str:
    """The report for people: totals, what was refused, the styled clips, and their notes."""
    totals, clips = report["totals"], report["clips"]
    styled, refused, skipped = (
        [clip for clip in clips if clip["status"] == status]
        for status in ("styled", "refused", "skipped")
    )
    lines = [
        f"# {Path(report['timeline']).name}, {report['look']}",
        "",
        f"{report['summary']}. {totals['intermediates']} intermediates, "
        f"{totals['frames_painted']} frames painted, {totals['frames_checked']} frames decoded "
        "back and compared.",
        "",
        *(f"- {path}" for path in report["written"]),
    ]
    if refused:
        lines += ["", "## Not styled", ""]
        lines += [
            f"- {c['outcome']}: **{c['name']}** ({c['track']}): {c['reason']}. {c['remedy']}"
            for c in refused
        ]
    if styled:
        lines += ["", "## Styled", ""]
        head = ("clip", "track", "timeline", "source frames", "look", "painted at", "intermediate",
                "checked", "flicker (source)", "sha256 of the frames")  # fmt: skip
        lines += [_table_line(head), f"|{'---|' * len(head)}"]
        lines += [_table_line(_cells(clip)) for clip in styled]
    noted = [clip for clip in styled if clip["notes"]]
    if noted or report["notes"]:
        lines += ["", "## To know", ""]
        lines += [f"- {note}" for note in report["notes"]]
        lines += [f"- **{c['name']}** ({c['track']}): {'; '.join(c['notes'])}" for c in noted]
    if skipped:
        reasons = Counter(clip["reason"] for clip in skipped)
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        lines += ["", f"Left as they are: {counts}."]
    return "\n".join(lines) + "\n"


def _cells(clip: Mapping[str, Any]) -> tuple[str, ...]:
    figures = [s for s in clip["stability"] if s["painted"] is not None]
    worst = max(figures, key=lambda s: float(s["painted"]), default=None)
    return (
        clip["name"],
        clip["track"],
        _UNMEASURED if clip["timeline"] is None else " – ".join(clip["timeline"]),
        f"{Path(clip['source']).name} {clip['frames'][0]}-{clip['frames'][1]}",
        clip["look"],
        "{}x{}".format(*clip["painted_at"]) if clip["painted_at"] else _UNMEASURED,
        Path(clip["intermediate"]).name,
        str(clip["frames_checked"]),
        _UNMEASURED if worst is None else f"{worst['painted']:.3f} ({worst['source']:.3f})",
        (clip["frames_sha256"] or _UNMEASURED)[:16],
    )


def _table_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def report_paths(folder: Path, stem: str, look: str, taken: Iterable[Path]) -> tuple[Path, Path]:
    """`STEM.LOOK.report.json` and `.md`; `STEM.LOOK.cut.report.*` where a clip of the timeline's
    name has its own report there.

    Args:
        taken: the reports of the intermediates.
    """
    base = f"{stem}.{look}"
    if folder / f"{base}.report.json" in set(taken):
        base += ".cut"
    return folder / f"{base}.report.json", folder / f"{base}.report.md"
