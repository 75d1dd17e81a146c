"""Plan which frames of which files a cut needs, through nests, retimes and transitions."""

from __future__ import annotations

from nle_style.timeline.needs.candidates import (
    NO_LOOK,
    NOT_CHOSEN,
    Candidate,
    Refusal,
    Skipped,
    clip_at,
)
from nle_style.timeline.needs.clip_need import ClipUse, SourceRange
from nle_style.timeline.needs.references import REFERENCE_KEY, is_ours, source_key
from nle_style.timeline.needs.shot_plan import Plan, plan_shots

__all__ = [
    "NOT_CHOSEN",
    "NO_LOOK",
    "REFERENCE_KEY",
    "Candidate",
    "ClipUse",
    "Plan",
    "Refusal",
    "Skipped",
    "SourceRange",
    "clip_at",
    "is_ours",
    "plan_shots",
    "source_key",
]
