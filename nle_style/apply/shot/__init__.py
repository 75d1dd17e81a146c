"""What concerns a whole shot: where it ends, its statistics, how much it flickers."""

from __future__ import annotations

from nle_style.apply.shot.cuts import find_shots, sampled
from nle_style.apply.shot.shot_statistics import (
    ChangingStatistics,
    ShotStatistics,
    luma_thumbnail,
    measure,
    sample_frames,
)
from nle_style.apply.shot.steadiness import (
    METHOD,
    ChangeMeter,
    PairChange,
    Stability,
    compared_step,
    shot_stability,
)

__all__ = [
    "METHOD",
    "ChangeMeter",
    "ChangingStatistics",
    "PairChange",
    "ShotStatistics",
    "Stability",
    "compared_step",
    "find_shots",
    "luma_thumbnail",
    "measure",
    "sample_frames",
    "sampled",
    "shot_stability",
]
