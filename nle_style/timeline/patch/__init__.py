"""Patch XML timelines in place: change the paths of media, and nothing else."""

from __future__ import annotations

from nle_style.timeline.patch.edits import PatchResult
from nle_style.timeline.patch.fcp7_in_place import fcp7_clips, patch_fcp7
from nle_style.timeline.patch.fcpxml_in_place import fcpxml_clips, patch_fcpxml
from nle_style.timeline.patch.mlt_in_place import mlt_clips, mlt_slides, patch_mlt
from nle_style.timeline.patch.targets import Replacement

__all__ = [
    "PatchResult",
    "Replacement",
    "fcp7_clips",
    "fcpxml_clips",
    "mlt_clips",
    "mlt_slides",
    "patch_fcp7",
    "patch_fcpxml",
    "patch_mlt",
]
