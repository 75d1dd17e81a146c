"""The report of a render, `NAME.report.json` beside its intermediate: what it is, how it was
checked, how steady it is.

Everything in it is in the manifest, so that a resumed render reports what an uninterrupted one
does, and a lost report is written anew without painting anything. The keys are in docs/report.md.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nle_style.apply import painted_at
from nle_style.apply.shot import METHOD, PairChange, Stability, shot_stability
from nle_style.media import INTERMEDIATES
from nle_style.media.base import MediaInfo, part_path, write_text, writing_into
from nle_style.media.write import UnitRecord
from nle_style.render.record.manifest import MANIFEST_SUFFIX, Made, Manifest, UnitMeasurement

__all__ = [
    "REPORT_VERSION",
    "build_report",
    "is_report_of",
    "remove_report",
    "report_path",
    "write_report",
]

REPORT_VERSION = 1
"""Of the keys: new ones may come without raising it; a changed or dropped one raises it."""

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
_NOT_KEPT = "rendered by a version that did not measure it"


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
    records: Mapping[int, UnitRecord],
    measurements: Mapping[int, UnitMeasurement],
    made: Mapping[int, Made],
) -> dict[str, Any]:
    """The report as plain data.

    Args:
        key, facts: the render's, as in its manifest (`item_plan.ItemPlan`).
        info: the probed source.
        published: the manifest's line about the intermediate; of `shots`, `files`, `bytes`,
            `warnings` and `finished`, what an earlier version did not note is left open.
        records, measurements, made: the units by index; a unit of an earlier version may have no
            measurement, and no reason why it was made.
    """
    first, last = facts["frames"]
    shots = [(shot[0], shot[1]) for shot in published.get("shots", [(first, last)])]
    engine, torch_version, device, *openvino = facts["engine"]
    units = [records[index] for index in sorted(records)]
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
            + (_KEPT if any(each.kept for each in made.values()) else ""),
            "frames": sum(len(unit.frame_hashes) for unit in units),
            "units": len(units),
        },
        "made": _made(units, made),
        "stability_method": METHOD,
        "shots": _shots(shots, info, measurements),
        "seconds_per_frame": _seconds(units, measurements),
        "warnings": list(published.get("warnings", [])),
    }


def _painted_at(look: Mapping[str, Any], info: MediaInfo) -> list[int] | None:
    """Width and height of a look's painting; None at strength 0."""
    size = painted_at(info.width, info.height, look["strength"], look["stroke_scale"])
    return None if size is None else list(size)


def _mattes(facts: Mapping[str, Any], info: MediaInfo) -> list[dict[str, Any]]:
    """Every matte with the look that is painted inside it, the lowest first."""
    own = [{"matte": facts["matte"], "look": facts["look"]}] if "matte" in facts else []
    return [
        {**each["matte"], "look": each["look"], "painted_at": _painted_at(each["look"], info)}
        for each in (*own, *facts.get("layers", []))
    ]


def _made(units: Sequence[UnitRecord], made: Mapping[int, Made]) -> list[dict[str, Any]]:
    """Ranges of frames that came to be in one way, in order."""
    ranges: list[dict[str, Any]] = []
    last: tuple[int, Made] | None = None
    for unit in units:
        reason = made.get(unit.index, _NOT_NOTED)
        if last == (unit.first - 1, reason):
            ranges[-1]["frames"][1] = unit.last
        else:
            status = "kept" if reason.kept else "rendered"
            frames = [unit.first, unit.last]
            ranges.append({"frames": frames, "status": status, "why": reason.why})
        last = unit.last, reason
    return ranges


def _shots(
    shots: Sequence[tuple[int, int]], info: MediaInfo, measurements: Mapping[int, UnitMeasurement]
) -> list[dict[str, Any]]:
    pairs: list[PairChange] = []
    for measured in measurements.values():
        pairs += measured.pairs
    figures = shot_stability(pairs, shots, info.width, info.height)
    if not measurements:
        figures = [Stability(None, None, None, 0, _NOT_KEPT) for _ in shots]
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


def _seconds(
    units: Sequence[UnitRecord], measurements: Mapping[int, UnitMeasurement]
) -> dict[str, Any]:
    """Seconds a frame of every unit: the middle one, and how far they lie apart."""
    each = [
        measurements[unit.index].seconds / len(unit.frame_hashes)
        for unit in units
        if unit.index in measurements
    ]
    if not each:
        return {"median": None, "lowest": None, "highest": None, "reason": _NOT_KEPT}
    return {
        "median": round(statistics.median(each), 4),
        "lowest": round(min(each), 4),
        "highest": round(max(each), 4),
    }


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report as indented JSON, whole or not at all.

    Raises:
        OutputError: the folder or the disk refuses.
    """
    write_text(path, json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def remove_report(path: Path) -> None:
    """Take a report away, if there is one.

    Raises:
        OutputError: the folder or the disk refuses.
    """
    with writing_into(path.parent, part_path(path)):
        path.unlink(missing_ok=True)
