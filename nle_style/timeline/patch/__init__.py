"""XML timelines patched in place: what names the media is changed, and nothing else."""

from __future__ import annotations

from nle_style.timeline.patch.edits import PatchResult, Replacement
from nle_style.timeline.patch.fcp7_in_place import patch_fcp7
from nle_style.timeline.patch.fcpxml_in_place import patch_fcpxml

__all__ = [
    "PatchResult",
    "Replacement",
    "patch_fcp7",
    "patch_fcpxml",
]
