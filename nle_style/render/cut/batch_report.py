"""The report of a batch: every clip of the cut, what it became, how that was checked, and what an
editor must know. Written as `CUT.LOOK.report.json`, and as Markdown for people.

The keys are in docs/report.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nle_style.errors import NleStyleError
from nle_style.media import INTERMEDIATES
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.clip_table import clip_identity, clip_place
from nle_style.render.item import ItemResult
from nle_style.render.plan import ItemPlan
from nle_style.render.record import report_path
from nle_style.timeline.needs import ClipUse

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
    """The report as plain data: the planned clips, then the refused and the skipped ones.

    Args:
        items: how the batch's job ended, one for each range of its plan.
        written: the timelines that were made.
    """
    plan = batch.plan
    outcomes = dict(zip(plan.ranges, map(_outcome, items), strict=True))
    clips = [_clip(batch, use, outcomes[use.range]) for use in plan.uses]
    clips += [
        {**clip_identity(clip), "status": "refused", "reason": clip.reason, "remedy": clip.remedy}
        for clip in plan.refusals
    ]
    clips += [
        {**clip_identity(clip), "status": "skipped", "reason": clip.reason} for clip in plan.skipped
    ]
    status = Counter(clip["status"] for clip in clips)
    made = [each for each in outcomes.values() if isinstance(each, _Made)]
    return {
        "nle_style_batch_report": BATCH_REPORT_VERSION,
        "timeline": str(batch.read.path),
        "look": batch.label,
        "handles": batch.output.handles,
        "written": [str(path) for path in written],
        "totals": {
            "styled": status["styled"],
            "refused": status["refused"],
            "skipped": status["skipped"],
            "intermediates": len(made),
            "frames_painted": sum(b - a + 1 for each in made for a, b in each.plan.painted),
            "frames_checked": sum(len(each.hashes) for each in made),
        },
        "clips": clips,
    }


def _outcome(item: ItemResult) -> _Made | NleStyleError:
    if item.error is not None or item.plan is None:
        return item.error or NleStyleError("it was not rendered")
    hashes = {
        unit.record.first + offset: value
        for unit in item.plan.manifest.units().values()
        for offset, value in enumerate(unit.record.frame_hashes)
    }
    painted = {f: hashes[f] for a, b in item.plan.painted for f in range(a, b + 1) if f in hashes}
    try:
        report = json.loads(report_path(item.plan.manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        report = None
    return _Made(item.plan, painted, report if isinstance(report, dict) else {})


def _clip(batch: PlannedBatch, use: ClipUse, outcome: _Made | NleStyleError) -> dict[str, Any]:
    if isinstance(outcome, NleStyleError):
        return {
            **clip_identity(use),
            "status": "refused",
            **clip_place(batch.read, use),
            "look": batch.label,
            "reason": outcome.fault,
            "remedy": outcome.remedy,
        }
    plan = outcome.plan
    return {
        **clip_identity(use),
        "status": "styled",
        **clip_place(batch.read, use),
        "look": plan.look.label,
        "painted_at": list(plan.painted_at) if plan.painted_at else None,
        "intermediate": str(plan.destination),
        "format": plan.spec.format,
        "frames_checked": sum(frame in outcome.hashes for frame in range(use.first, use.last + 1)),
        "frames_sha256": frames_sha256(outcome.hashes, use.first, use.last),
        "stability": [
            {"frames": shot["frames"], **shot["stability"]}
            for shot in outcome.report.get("shots", [])
            if shot["frames"][0] <= use.last and use.first <= shot["frames"][1]
        ],
        "notes": _notes(use, outcome, batch.output.handles),
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
        f"{totals['styled']} clips styled, {totals['refused']} refused, {totals['skipped']} left "
        f"alone. {totals['intermediates']} intermediates, {totals['frames_painted']} frames "
        f"painted, {totals['frames_checked']} frames decoded back and compared.",
        "",
        *(f"- {path}" for path in report["written"]),
    ]
    if refused:
        lines += ["", "## Refused", ""]
        lines += [
            f"- **{c['name']}** ({c['track']}): {c['reason']}. {c['remedy']}" for c in refused
        ]
    if styled:
        lines += ["", "## Styled", ""]
        head = ("clip", "track", "timeline", "source frames", "look", "painted at", "intermediate",
                "checked", "flicker (source)", "sha256 of the frames")  # fmt: skip
        lines += [_table_line(head), f"|{'---|' * len(head)}"]
        lines += [_table_line(_cells(clip)) for clip in styled]
    noted = [clip for clip in styled if clip["notes"]]
    if noted:
        lines += ["", "## To know", ""]
        lines += [f"- **{c['name']}** ({c['track']}): {'; '.join(c['notes'])}" for c in noted]
    if skipped:
        reasons = Counter(clip["reason"] for clip in skipped)
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        lines += ["", f"Left alone: {counts}."]
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
