"""Training: posters and photographs go in, a style pack comes out."""

from __future__ import annotations

from nle_style.core.training.loop import TrainingProgress, train
from nle_style.core.training.pack_in_training import check_names
from nle_style.core.training.settings import PARENT, Phase, TrainingSettings

__all__ = [
    "PARENT",
    "Phase",
    "TrainingProgress",
    "TrainingSettings",
    "check_names",
    "train",
]
