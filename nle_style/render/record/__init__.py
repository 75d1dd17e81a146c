"""What a render notes on disk: its manifest and its report; and the state of its sources."""

from __future__ import annotations

from nle_style.render.record.manifest import (
    MANIFEST_SUFFIX,
    FinishedUnit,
    Made,
    Manifest,
    ManifestFile,
    UnitMeasurement,
    comparable_facts,
    render_key,
)
from nle_style.render.record.report import build_report, is_report_of, report_path, report_text
from nle_style.render.record.sources import (
    WHOLE_BYTES,
    Sources,
    contents,
    fingerprint,
    known_fingerprint,
)

__all__ = [
    "MANIFEST_SUFFIX",
    "WHOLE_BYTES",
    "FinishedUnit",
    "Made",
    "Manifest",
    "ManifestFile",
    "Sources",
    "UnitMeasurement",
    "build_report",
    "comparable_facts",
    "contents",
    "fingerprint",
    "is_report_of",
    "known_fingerprint",
    "render_key",
    "report_path",
    "report_text",
]
