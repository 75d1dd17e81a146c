"""What the tests of plans share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import opentimelineio as otio

from nle_style.timeline.needs import Plan
from tests.timeline.building import time_range

NTSC24 = Fraction(24000, 1001)
Made = Callable[..., Plan]


def frames(plan: Plan) -> list[tuple[int, int]]:
    return [(use.first, use.last) for use in plan.uses]


def spans(plan: Plan) -> list[tuple[str, int, int]]:
    return [(r.source.stem, r.first, r.last) for r in plan.ranges]


def only_refusal(plan: Plan) -> str:
    """The reason of the one refusal; it must name clip, track and remedy."""
    (refusal,) = plan.refusals
    assert refusal.clip_name
    assert refusal.track_name
    assert refusal.remedy
    assert not plan.uses
    return refusal.reason


def with_reference(reference: otio.core.MediaReference | None) -> otio.schema.Clip:
    return otio.schema.Clip("a", reference, time_range(0, 10))
