"""Short words for building timelines in tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import MediaError
from nle_style.timeline import ReadTimeline, read_timeline
from nle_style.timeline.files import MediaFacts

__all__ = [
    "Facts",
    "clip",
    "gap",
    "probe_of",
    "read_back",
    "remap",
    "time",
    "time_range",
    "timeline",
    "track",
    "transition",
]


@dataclass(frozen=True)
class Facts(MediaFacts):
    """Media as a probe would describe it."""

    rate: Fraction = Fraction(24)
    frame_count: int = 100
    start_frame: int = 0
    first_file_number: int | None = None
    day: int = 24 * 3600 * 24


def probe_of(*facts: Facts, **by_stem: Facts) -> Callable[[Path], Facts]:
    """A probe: one Facts for every file, or Facts by the file's stem, and MediaError otherwise."""

    def probe(path: Path) -> Facts:
        if facts:
            return facts[0]
        if path.stem not in by_stem:
            raise MediaError("there is no such file", where=str(path), remedy="Relink it.")
        return by_stem[path.stem]

    return probe


def time(value: float, rate: float = 24) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, rate)


def time_range(start: float, duration: float, rate: float = 24) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start, rate), time(duration, rate))


def clip(
    name: str,
    source: tuple[float, float] | None = None,
    available: tuple[float, float] | None = (0, 100),
    *,
    url: str | None = None,
    rate: float = 24,
    media_rate: float | None = None,
) -> otio.schema.Clip:
    """A clip of /media/NAME.mov: source and available are (start, duration)."""
    reference = otio.schema.ExternalReference(
        target_url=f"/media/{name}.mov" if url is None else url,
        available_range=available and time_range(*available, media_rate or rate),
    )
    return otio.schema.Clip(name, reference, source and time_range(*source, rate))


def gap(duration: float, rate: float = 24) -> otio.schema.Gap:
    return otio.schema.Gap(source_range=time_range(0, duration, rate))


def transition(before: float, after: float, rate: float = 24) -> otio.schema.Transition:
    return otio.schema.Transition(
        "dissolve", "SMPTE_Dissolve", in_offset=time(before, rate), out_offset=time(after, rate)
    )


def track(
    *children: otio.core.Composable, name: str = "", kind: str = otio.schema.TrackKind.Video
) -> otio.schema.Track:
    made = otio.schema.Track(name, kind=kind)
    made.extend(children)
    return made


def timeline(*tracks: otio.core.Composable | Sequence[object]) -> otio.schema.Timeline:
    made = otio.schema.Timeline("cut")
    made.tracks.extend(tracks)
    return made


def read_back(made: otio.schema.Timeline, folder: Path) -> ReadTimeline:
    """The timeline as it comes back through a file, the way every user's does."""
    path = folder / "cut.otio"
    path.write_text(made.to_json_string(), encoding="utf-8")
    return read_timeline(path)


def remap(**values: str) -> str:
    """A speed in FCP7 XML, with these parameters."""
    parameters = "".join(
        f"<parameter><parameterid>{k}</parameterid><value>{v}</value></parameter>"
        for k, v in values.items()
    )
    return f"<filter><effect><effectid>timeremap</effectid>{parameters}</effect></filter>"
