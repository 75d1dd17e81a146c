"""The report of a render, `NAME.report.json` beside its intermediate: what was rendered, how it was
checked and how much it flickers.

Everything in it is in the manifest, so that a resumed render reports what an uninterrupted one
does, and a lost report is written again without painting anything. docs/report.md explains the
keys.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nle_style.apply import painted_at
from nle_style.apply.shot import METHOD, Stability, shot_stability
from nle_style.media import INTERMEDIATES
from nle_style.media.base import MediaInfo
from nle_style.render.record.manifest import MANIFEST_SUFFIX, FinishedUnit, Made, Manifest

__all__ = [
    "REPORT_VERSION",
    "build_report",
    "is_report_of",
    "report_path",
    "report_text",
]

REPORT_VERSION = 1
"""Version of the keys: raised when a key is changed or dropped, not when one is added."""

_EXACT = (
    "Every frame was decoded back after encoding, and its hash (BLAKE2b-128 of the code values) is "
    "that of the frame that was encoded."
)
_LOSSY = (
    "Every frame was decoded back after encoding and compared with the one that was encoded, on "
    "every 4th pixel of every 4th line: more than 35 dB PSNR. The format is lossy."
)
_SPARSE = (
    " Units without a painted frame are byte copies of one black unit that was decoded back; the "
    "bytes of every frame in the movie were compared with those of its unit."
)
_KEPT = (
    " Kept frames were so decoded when they were rendered; the SHA-256 of their files is still "
    "what it was then."
)
_DISPLAY = "display-referred: the code values as they are"
_NOT_NOTED = Made(False, "by a version that did not note why")
_NOT_MEASURED = "rendered by a version that did not measure it"


def report_path(manifest: Manifest) -> Path:
    """`NAME.report.json`, beside `NAME.manifest.jsonl`."""
    name = manifest.path.name.removesuffix(MANIFEST_SUFFIX)
    return manifest.path.with_name(f"{name}.report.json")


def is_report_of(path: Path, key: str) -> bool:
    """Whether a whole report lies there, and is of the render with this key."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return (
        isinstance(report, dict)
        and report.get("nle_style_report") == REPORT_VERSION
        and report.get("key") == key
    )


def build_report(
    key: str,
    facts: Mapping[str, Any],
    info: MediaInfo,
    published: Mapping[str, Any],
    finished: Mapping[int, FinishedUnit],
) -> dict[str, Any]:
    """The report as plain data.

    Args:
        key, facts: the render's, as in its manifest (`item_plan.ItemPlan`).
        info: the probed source.
        published: the manifest's line about the intermediate; earlier versions noted no `shots`,
            `files`, `bytes`, `warnings` or `finished`.
        finished: the units by index.
    """
    first, last = facts["frames"]
    shots = [(shot[0], shot[1]) for shot in published.get("shots", [(first, last)])]
    engine, torch_version, device, *openvino = facts["engine"]
    units = [finished[index] for index in sorted(finished)]
    exact = INTERMEDIATES[facts["format"]].exact
    return {
        "nle_style_report": REPORT_VERSION,
        "key": key,
        "finished": published.get("finished"),
        "source": {
            "path": facts["source"],
            "fingerprint": facts["source_fingerprint"],
            "rate": str(info.rate),
            "size": [info.width, info.height],
            "reading": facts.get("reading", {}),
            "found": dict(info.found),
        },
        "frames": [first, last],
        "painted": facts.get("paint", [[first, last]]),
        "look": facts["look"],
        "painted_at": _painted_at(facts["look"], info),
        "mattes": _mattes(facts, info),
        "pack": {"name": facts["pack"], "sha256": facts["pack_sha256"]},
        "engine": {
            "version": engine,
            "torch": torch_version,
            "openvino": openvino[0] if openvino else None,
        },
        "device": device,
        "colour": facts.get("colour", _DISPLAY),
        "output": {
            "path": published.get("files", published["path"]),
            "frames": published["frames"],
            "bytes": published.get("bytes"),
            "format": facts["format"],
            "depth": facts["depth"],
            "exact": exact,
        },
        "verified": {
            "method": (_EXACT if exact else _LOSSY)
            + (_SPARSE if "paint" in facts else "")
            + (_KEPT if any(unit.made is not None and unit.made.kept for unit in units) else ""),
            "frames": sum(len(unit.record.frame_hashes) for unit in units),
            "units": len(units),
        },
        "made": _made(units),
        "stability_method": METHOD,
        "shots": _shots(shots, info, units),
        "seconds_per_frame": _seconds(units),
        "warnings": list(published.get("warnings", [])),
    }


def _painted_at(look: Mapping[str, Any], info: MediaInfo) -> list[int] | None:
    """Width and height of a look's painting; None at strength 0."""
    size = painted_at(info.width, info.height, look["strength"], look["stroke_scale"])
    return None if size is None else list(size)


def _mattes(facts: Mapping[str, Any], info: MediaInfo) -> list[dict[str, Any]]:
    """Every matte with the look that is painted inside it, from the bottom layer up."""
    own = [{"matte": facts["matte"], "look": facts["look"]}] if "matte" in facts else []
    return [
        {**each["matte"], "look": each["look"], "painted_at": _painted_at(each["look"], info)}
        for each in (*own, *facts.get("layers", []))
    ]


def _made(units: Sequence[FinishedUnit]) -> list[dict[str, Any]]:
    """Ranges of frames that were made in the same way for the same reason, in order."""
    ranges: list[dict[str, Any]] = []
    last: tuple[int, Made] | None = None
    for unit in units:
        record, made = unit.record, unit.made or _NOT_NOTED
        if last == (record.first - 1, made):
            ranges[-1]["frames"][1] = record.last
        else:
            status = "kept" if made.kept else "rendered"
            frames = [record.first, record.last]
            ranges.append({"frames": frames, "status": status, "why": made.why})
        last = record.last, made
    return ranges


def _shots(
    shots: Sequence[tuple[int, int]], info: MediaInfo, units: Sequence[FinishedUnit]
) -> list[dict[str, Any]]:
    measured = [unit.measured for unit in units if unit.measured is not None]
    pairs = [pair for each in measured for pair in each.pairs]
    figures = shot_stability(pairs, shots, info.width, info.height)
    if not measured:
        figures = [Stability(None, None, None, 0, _NOT_MEASURED) for _ in shots]
    return [
        {"frames": list(shot), "stability": _stability(figure)}
        for shot, figure in zip(shots, figures, strict=True)
    ]


def _stability(figure: Stability) -> dict[str, Any]:
    data: dict[str, Any] = {
        "method": "change in static regions",
        "painted": _rounded(figure.painted),
        "source": _rounded(figure.source),
        "static_share": _rounded(figure.static_share),
        "pairs": figure.pairs,
    }
    if figure.reason:
        data["reason"] = figure.reason
    return data


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _seconds(units: Sequence[FinishedUnit]) -> dict[str, Any]:
    """Seconds a frame, over the units: median, lowest and highest."""
    each = [
        unit.measured.seconds / len(unit.record.frame_hashes)
        for unit in units
        if unit.measured is not None
    ]
    if not each:
        return {"median": None, "lowest": None, "highest": None, "reason": _NOT_MEASURED}
    return {
        "median": round(statistics.median(each), 4),
        "lowest": round(min(each), 4),
        "highest": round(max(each), 4),
    }


def report_text(report: Mapping[str, Any]) -> str:
    """A report as indented JSON."""
    return json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
