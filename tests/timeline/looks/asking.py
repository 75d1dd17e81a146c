"""What the tests of looks share."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

from nle_style.timeline.looks import (
    ClipLook,
    LookRule,
    looks_for,
    read_look_map,
)
from nle_style.timeline.needs import Candidate
from nle_style.timeline.needs.candidates import survey
from tests.timeline.building import (
    time,
)

FIRE = ClipLook((("fire", 1.0),))
BLUE = ClipLook((("blue", 1.0),))
STYLES = ("blue", "colorful", "fire")
SAMPLES = Path(__file__).parents[4] / "shared" / "timelines"


def marked(item: otio.schema.Item, name: str = "", comment: str = "", at: float = 0) -> None:
    marker = otio.schema.Marker(name, otio.opentime.TimeRange(time(at), time(1)), "RED")
    marker.comment = comment
    item.markers.append(marker)


def asked(
    made: otio.schema.Timeline, *rules: LookRule, default: ClipLook | None = None
) -> dict[str, ClipLook | None]:
    """The look of each clip by its name."""
    look_of = looks_for(rules, default, styles=STYLES)
    return {c.clip_name: look_of(c) for c in survey(made) if isinstance(c, Candidate)}


def map_of(folder: Path, text: str) -> tuple[LookRule, ...]:
    path = folder / "looks.yaml"
    path.write_text(text, encoding="utf-8")
    return read_look_map(path)
