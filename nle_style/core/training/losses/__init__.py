"""What a training step minimises: content, style, tones and steadiness."""

from __future__ import annotations

from nle_style.core.training.losses.objective import Objective

__all__ = [
    "Objective",
]
