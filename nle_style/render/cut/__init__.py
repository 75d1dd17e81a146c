"""A whole timeline: planned, rendered or only reckoned, and handed back with a report."""

from __future__ import annotations

from nle_style.render.cut.batch import BatchResult, RunJob, run_batch
from nle_style.render.cut.cut_plan import BatchOptions, plan_batch
from nle_style.render.cut.dry_run import DryRun, as_data, dry_run_batch

__all__ = [
    "BatchOptions",
    "BatchResult",
    "DryRun",
    "RunJob",
    "as_data",
    "dry_run_batch",
    "plan_batch",
    "run_batch",
]
