"""Write intermediates: quantise, encode, decode back, join and publish."""

from __future__ import annotations

from nle_style.media.write.intermediate import SEQUENCE_DIGITS, IntermediateWriter, Unit, UnitRecord
from nle_style.media.write.quantising import added_thresholds

__all__ = ["SEQUENCE_DIGITS", "IntermediateWriter", "Unit", "UnitRecord", "added_thresholds"]
