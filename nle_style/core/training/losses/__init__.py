"""What a training step minimises: content, style, tones and steadiness."""

from __future__ import annotations

from nle_style.core.training.losses.objective import Objective
from nle_style.core.training.losses.tone import luminance

__all__ = [
    "Objective",
    "luminance",
]
