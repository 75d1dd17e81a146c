"""A small cut, rendered at strength 0, and clips of it to judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from nle_style.apply import Look
from nle_style.desk.review import Entry
from nle_style.media.colour import ColourSettings
from nle_style.render import Output
from nle_style.render.cut import BatchResult, plan_batch, run_batch
from tests.helpers.stamps import HEIGHT, WIDTH
from tests.render.round_trips.round_trip import Shots
from tests.timeline.building import gap, timeline, track

__all__ = ["ENTRY", "entry_of", "render_cut", "write_cut"]

ENTRY = Entry(
    clip_id="tracks[0]/children[0]",
    name="flower",
    track="V1",
    timeline=("01:00:00:00", "01:00:00:08"),
    source=Path("/media/flower.mov"),
    frames=(5, 12),
    numbers=(5, 12),
    intermediate=Path("/out/flower.blue.mov"),
    first=0,
    rate=Fraction(24),
    size=(WIDTH, HEIGHT),
    reading={},
    colour=ColourSettings(),
    pack="0f9c",
    controls=Look({"blue": 1.0}).as_data(),
    label="blue",
    painting="77ab",
    checked=8,
    stability=({"frames": [0, 40], "painted": 0.021, "source": 0.008},),
    notes=(),
)


def entry_of(**changes: Any) -> Entry:
    """ENTRY with some attributes changed."""
    return replace(ENTRY, **changes)


def write_cut(folder: Path, rate: Fraction = Fraction(24)) -> Path:
    """cut.otio: 8 frames of "flower field" from its frame 5 on, a gap, 7 of "crowd" from 20 on."""
    shots = Shots(folder, rate)
    made = timeline(track(shots.a(5, 8), gap(2, float(rate)), shots.b(20, 7), name="V1"))
    made.global_start_time = otio.opentime.RationalTime(3600 * round(rate), float(rate))
    path = folder / "cut.otio"
    otio.adapters.write_to_file(made, str(path))
    return path


def render_cut(
    cut: Path, pack: Path, out: Path, styles: Mapping[str, float], *, handles: int = 0
) -> BatchResult:
    """The cut's report and intermediates in a folder, with the source's own pixels."""
    output = Output(directory=out, handles=handles)
    return run_batch(plan_batch(cut, Look(styles, strength=0.0), output, pack=str(pack)))
