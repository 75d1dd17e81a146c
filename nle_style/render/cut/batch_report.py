"""The report of a batch: every clip of the cut, what it became, how that was checked, and what an
editor must know. Written as `CUT.LOOK.report.json`, and as Markdown for people.

The functions are pure: `batch` gathers the facts. The keys are in docs/report.md.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from opentimelineio.opentime import RationalTime, to_timecode

from nle_style.errors import NleStyleError
from nle_style.render.job import merge_ranges
from nle_style.timeline.needs import Refusal, Skipped

__all__ = [
    "BATCH_REPORT_VERSION",
    "BatchFacts",
    "ClipFacts",
    "RenderFacts",
    "as_markdown",
    "build_batch_report",
    "frames_sha256",
    "record_timecodes",
    "report_paths",
]

BATCH_REPORT_VERSION = 1
"""Of the keys: new ones may come without raising it; a changed or dropped one raises it."""

_UNMEASURED = "–"


@dataclass(frozen=True)
class RenderFacts:
    """One intermediate that the batch asked for.

    Attributes:
        source: its media; first, last: the frames it was to have.
        painted: the ranges of these that are painted, inclusive.
        look: label of the look.
        painted_at: width and height of the painting; None if there is none.
        media_frames: how many frames the media has; 0 if that is not known.
        path: the movie, or the folder of a sequence; None if it was refused before it had a name.
        format: a name of `media.formats.INTERMEDIATES`; exact: whether that is lossless.
        frame_hashes: by source frame, of every frame that was decoded back; see
            `media.write.frame_hash`.
        report: its `NAME.report.json`, None without one.
        error: why it was refused, None if it is there.
    """

    source: Path
    first: int
    last: int
    painted: tuple[tuple[int, int], ...]
    look: str
    painted_at: tuple[int, int] | None = None
    media_frames: int = 0
    path: Path | None = None
    format: str = ""
    exact: bool = True
    frame_hashes: Mapping[int, str] = field(default_factory=dict)
    report: Mapping[str, Any] | None = None
    error: NleStyleError | None = None


@dataclass(frozen=True)
class ClipFacts:
    """One planned clip.

    Attributes:
        clip_id, clip_name, track_name: as in `timeline.plan.ClipUse`.
        first, last: the frames it shows, inclusive.
        render: place of its intermediate in `BatchFacts.renders`.
        record: in and out (exclusive) in the timeline, as an editor reads them; None if unknown.
        note: the plan's note, "" if none.
    """

    clip_id: str
    clip_name: str
    track_name: str
    first: int
    last: int
    render: int
    record: tuple[str, str] | None = None
    note: str = ""


@dataclass(frozen=True)
class BatchFacts:
    """All that a batch's report is made of.

    Attributes:
        timeline: what was read; written: the timelines made from it.
        handles: frames asked for before and after every clip.
        clips: the planned ones, in the plan's order; refusals, skipped: the plan's others.
    """

    timeline: Path
    look: str
    handles: int
    clips: tuple[ClipFacts, ...]
    renders: tuple[RenderFacts, ...]
    refusals: tuple[Refusal, ...]
    skipped: tuple[Skipped, ...]
    written: tuple[Path, ...]


def frames_sha256(hashes: Mapping[int, str], first: int, last: int) -> str | None:
    """SHA-256 over the frame hashes of `first`..`last` in order, each followed by a line feed.

    Returns: hexadecimal; None if a frame was not decoded back.
    """
    if not all(frame in hashes for frame in range(first, last + 1)):
        return None
    text = "".join(f"{hashes[frame]}\n" for frame in range(first, last + 1))
    return hashlib.sha256(text.encode()).hexdigest()


def record_timecodes(
    record: tuple[Fraction, Fraction], rate: float, start: Fraction = Fraction(0)
) -> tuple[str, str]:
    """In and out of a clip as timecode; as seconds at a rate that has none.

    Args:
        record: seconds from the timeline's start. start: seconds at which the timeline starts.
        rate: frames a second of the timeline; 29.97 and 59.94 are counted drop-frame.
    """
    nominal = RationalTime.nearest_smpte_timecode_rate(rate)
    if abs(nominal - rate) > 1e-2:
        shown = tuple(f"{float(start + seconds):.3f} s" for seconds in record)
    else:
        shown = tuple(
            str(to_timecode(RationalTime(round((start + s) * Fraction(nominal)), nominal)))
            for s in record
        )
    return shown[0], shown[1]


def build_batch_report(facts: BatchFacts) -> dict[str, Any]:
    """The report as plain data: the planned clips, then the refused and the skipped ones."""
    clips = [_clip(clip, facts) for clip in facts.clips]
    clips += [
        {
            "clip_id": refusal.clip_id,
            "name": refusal.clip_name,
            "track": refusal.track_name,
            "status": "refused",
            "reason": refusal.reason,
            "remedy": refusal.remedy,
        }
        for refusal in facts.refusals
    ]
    clips += [
        {
            "clip_id": skipped.clip_id,
            "name": skipped.clip_name,
            "track": skipped.track_name,
            "status": "skipped",
            "reason": skipped.reason,
        }
        for skipped in facts.skipped
    ]
    status = Counter(clip["status"] for clip in clips)
    delivered = [render for render in facts.renders if render.error is None]
    return {
        "nle_style_batch_report": BATCH_REPORT_VERSION,
        "timeline": str(facts.timeline),
        "look": facts.look,
        "handles": facts.handles,
        "written": [str(path) for path in facts.written],
        "totals": {
            "styled": status["styled"],
            "refused": status["refused"],
            "skipped": status["skipped"],
            "intermediates": len(delivered),
            "frames_painted": sum(b - a + 1 for r in delivered for a, b in r.painted),
            "frames_checked": sum(len(render.frame_hashes) for render in delivered),
        },
        "clips": clips,
    }


def _clip(clip: ClipFacts, facts: BatchFacts) -> dict[str, Any]:
    render = facts.renders[clip.render]
    data: dict[str, Any] = {
        "clip_id": clip.clip_id,
        "name": clip.clip_name,
        "track": clip.track_name,
        "status": "styled" if render.error is None else "refused",
        "timeline": None if clip.record is None else list(clip.record),
        "source": str(render.source),
        "frames": [clip.first, clip.last],
        "look": render.look,
    }
    if render.error is not None:
        where = f"{render.error.where}: " if render.error.where else ""
        data["reason"], data["remedy"] = f"{where}{render.error.what}", render.error.remedy
        return data
    data["painted_at"] = list(render.painted_at) if render.painted_at else None
    data["intermediate"] = str(render.path)
    data["format"] = render.format
    data["frames_checked"] = sum(
        frame in render.frame_hashes for frame in range(clip.first, clip.last + 1)
    )
    data["frames_sha256"] = frames_sha256(render.frame_hashes, clip.first, clip.last)
    data["stability"] = _stability(clip, render)
    data["notes"] = _notes(clip, render, facts.handles)
    return data


def _stability(clip: ClipFacts, render: RenderFacts) -> list[dict[str, Any]]:
    """The figures of the intermediate's shots of which the clip shows something."""
    shots = render.report.get("shots", []) if render.report else []
    return [
        {"frames": shot["frames"], **shot["stability"]}
        for shot in shots
        if shot["frames"][0] <= clip.last and clip.first <= shot["frames"][1]
    ]


def _notes(clip: ClipFacts, render: RenderFacts, handles: int) -> list[str]:
    """What an editor must know of a clip that was styled."""
    notes = [clip.note] if clip.note else []
    spans = merge_ranges(render.painted)
    begin, end = next((s for s in spans if s[0] <= clip.first <= s[1]), (clip.first, clip.last))
    if begin == 0 and clip.first < handles:
        notes.append(f"{clip.first} of {handles} handle frames before it: its media begins there")
    after = render.media_frames - 1 - clip.last
    if end == render.media_frames - 1 and after < handles:
        notes.append(f"{after} of {handles} handle frames after it: its media ends there")
    if spans != ((render.first, render.last),):
        notes.append(
            f"the intermediate is black outside frames {begin}-{end}: slip or extend the clip no "
            "further"
        )
    if not render.exact:
        notes.append(f"{render.format} is lossy: for editing, not for the final grade")
    if render.report:
        notes += [w for w in render.report.get("warnings", []) if "are painted" not in w]
    return notes


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
        lines += _table(
            ("clip", "track", "timeline", "source frames", "look", "painted at", "intermediate",
             "checked", "flicker (source)", "sha256 of the frames"),
            [_row(clip) for clip in styled],
        )  # fmt: skip
    noted = [clip for clip in styled if clip["notes"]]
    if noted:
        lines += ["", "## To know", ""]
        lines += [f"- **{c['name']}** ({c['track']}): {'; '.join(c['notes'])}" for c in noted]
    if skipped:
        reasons = Counter(clip["reason"] for clip in skipped)
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        lines += ["", f"Left alone: {told}."]
    return "\n".join(lines) + "\n"


def _row(clip: Mapping[str, Any]) -> tuple[str, ...]:
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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows:
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return lines


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
