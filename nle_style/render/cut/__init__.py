"""A whole timeline: planned, rendered or only estimated, and handed back with a report."""

from __future__ import annotations

from nle_style.render.cut.batch import BatchResult, Renderer, run_batch
from nle_style.render.cut.batch_outputs import check_batch
from nle_style.render.cut.batch_plan import BatchOptions, PlannedBatch, plan_batch
from nle_style.render.cut.clip_table import clip_place, edit_rate, note_of, refusal_error
from nle_style.render.cut.cut_inspection import CutInspection, inspect_cut
from nle_style.render.cut.dry_run import DryRun, JobDryRun, dry_run_batch, dry_run_job
from nle_style.render.cut.look_choice import clip_look_of, complete_look

__all__ = [
    "BatchOptions",
    "BatchResult",
    "CutInspection",
    "DryRun",
    "JobDryRun",
    "PlannedBatch",
    "Renderer",
    "check_batch",
    "clip_look_of",
    "clip_place",
    "complete_look",
    "dry_run_batch",
    "dry_run_job",
    "edit_rate",
    "inspect_cut",
    "note_of",
    "plan_batch",
    "refusal_error",
    "run_batch",
]
