"""`--only`: which clips of a cut are meant."""

from __future__ import annotations

from fractions import Fraction

import pytest

from nle_style.errors import InputError, TimelineError
from nle_style.timeline.looks import chosen_by
from nle_style.timeline.needs import Candidate
from nle_style.timeline.needs.candidates import survey
from tests.timeline.building import clip, timeline, track
from tests.timeline.looks.asking import marked


def _instant(text: str) -> Fraction:
    """At 24, of a cut that starts at 01:00:00:00."""
    hours, minutes, seconds, frames = map(int, text.split(":"))
    return Fraction((hours * 60 + minutes) * 60 + seconds - 3600) + Fraction(frames, 24)


def _chosen(*texts: str) -> list[str]:
    """Of V1: A001 0-1 s, A002 1-2 s, B001 2-3 s; of V2: A001 0-2 s with a marker."""
    shots = [clip(name, (0, 24)) for name in ("A001", "A002", "B001")]
    shots[2].metadata["cmx_3600"] = {"reel": "ZZ100"}
    title = clip("title", (0, 48))
    marked(title, "paint me")
    made = timeline(track(*shots), track(title))
    is_chosen = chosen_by(texts, _instant)
    return [c.clip_name for c in survey(made) if isinstance(c, Candidate) and is_chosen(c)]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        ((), ["A001", "A002", "B001", "title"]),
        (("a00*",), ["A001", "A002"]),
        (("clip=A001", "clip=B*"), ["A001", "B001"]),
        (("track=V2",), ["title"]),
        (("reel=zz1??",), ["B001"]),
        (("marker=red",), ["title"]),
        (("marker=paint*",), ["title"]),
        (("A00*", "track=V2"), []),  # of two kinds both must fit
        (("*1", "track=V1", "track=V2"), ["A001", "B001"]),
        (("01:00:01:00-01:00:02:00",), ["A002", "title"]),  # the out-point is not in it
        (("01:00:01:23-01:00:02:01", "track=V1"), ["A002", "B001"]),
        (("01:00:00:00-01:00:00:01", "01:00:02:00-01:00:09:00"), ["A001", "B001", "title"]),
    ],
)
def test_what_is_meant(texts: tuple[str, ...], names: list[str]) -> None:
    assert _chosen(*texts) == names


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "chooses nothing"),
        ("trak=V1", "'trak' is nothing that clips are chosen by"),
        ("clip=", "chooses nothing"),
        ("01:00:02:00-01:00:01:00", "ends before it begins"),
        ("01:00:02:00-01:00:02:00", "ends before it begins"),
    ],
)
def test_what_is_refused(text: str, fault: str) -> None:
    with pytest.raises((InputError, TimelineError), match=fault):
        _chosen(text)
