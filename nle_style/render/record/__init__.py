"""What a render notes on disk: its manifest, the hashes of its sources, its report."""

from __future__ import annotations

from nle_style.render.record.manifest import (
    MANIFEST_SUFFIX,
    WHOLE_BYTES,
    Made,
    Manifest,
    UnitMeasurement,
    comparable_facts,
    fingerprint,
    last_facts,
    render_key,
)
from nle_style.render.record.report import (
    build_report,
    is_report_of,
    remove_report,
    report_path,
    write_report,
)
from nle_style.render.record.source_hashes import SourceHashes

__all__ = [
    "MANIFEST_SUFFIX",
    "WHOLE_BYTES",
    "Made",
    "Manifest",
    "SourceHashes",
    "UnitMeasurement",
    "build_report",
    "comparable_facts",
    "fingerprint",
    "is_report_of",
    "last_facts",
    "remove_report",
    "render_key",
    "report_path",
    "write_report",
]
