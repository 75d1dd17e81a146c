from __future__ import annotations

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.errors import LookError, TimelineError
from nle_style.render.cut.look_choice import clip_look_of, complete_look, look_chooser
from nle_style.timeline.looks import ClipLook
from nle_style.timeline.needs import Candidate
from nle_style.timeline.needs.candidates import survey

BASE = Look({"blue": 0.7, "fire": 0.3}, strength=0.5, statistics="shot")


def candidate(marker: str = "") -> Candidate:
    shot = otio.schema.Clip("a", otio.schema.ExternalReference("/media/a.mov"))
    shot.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(0, 24), otio.opentime.RationalTime(5, 24)
    )
    if marker:
        shot.markers.append(otio.schema.Marker(marker))
    made = otio.schema.Timeline()
    made.tracks.append(otio.schema.Track(children=[shot]))
    (found,) = survey(made)
    assert isinstance(found, Candidate)
    return found


def test_what_a_clip_leaves_open_is_the_command_lines() -> None:
    assert complete_look(ClipLook(), BASE) == BASE
    assert complete_look(ClipLook(strength=1.0), BASE) == Look(BASE.styles, 1.0, "shot")
    assert complete_look(ClipLook((("fire", 1.0),)), BASE) == Look({"fire": 1}, 0.5, "shot")
    assert complete_look(ClipLook((("fire", 1.0),), 0.0, statistics="frame"), BASE) == Look(
        {"fire": 1}, 0.0, "frame"
    )


def test_without_a_command_line_the_rest_is_as_in_any_look() -> None:
    assert complete_look(ClipLook((("fire", 1.0),))) == Look({"fire": 1})
    with pytest.raises(LookError, match="a look needs a style"):
        complete_look(ClipLook(strength=0.5))


@pytest.mark.parametrize(
    ("look", "fault"),
    [
        (ClipLook(strength=1.5), "strength 1.5 is not between 0 and 1"),
        (ClipLook(statistics="film"), "unknown statistics 'film'"),
    ],
)
def test_a_value_out_of_range_is_refused(look: ClipLook, fault: str) -> None:
    with pytest.raises(LookError, match=fault):
        complete_look(look, BASE)


@pytest.mark.parametrize(
    ("look", "bad"),
    [
        (ClipLook(stroke_scale=9.0), "stroke.scale"),
        (ClipLook(colour="beige"), "colour"),
    ],
)
def test_a_control_is_checked_or_said_to_be_missing_and_never_dropped(
    look: ClipLook, bad: str
) -> None:
    with pytest.raises(LookError, match=bad):
        complete_look(look, BASE)


def test_there_and_back() -> None:
    """Thirds do not sum to 1 when they are rounded: the painted look is the very same still."""
    thirds = Look({"a": 1, "b": 1, "c": 1})
    for look in (BASE, thirds):
        assert complete_look(clip_look_of(look), look) is look
        assert clip_look_of(look).label == look.label
        for name, weight in clip_look_of(look).styles or ():
            assert weight == pytest.approx(look.styles[name], abs=1e-9)


def test_the_planners_function() -> None:
    look_of = look_chooser((), BASE, ("blue", "fire"))
    assert look_of(candidate()) == clip_look_of(BASE)
    # The same mix, however it is written, is the same look: its frames are shared.
    assert look_of(candidate("style: FIRE:3,Blue:7")) == clip_look_of(BASE)
    got = look_of(candidate("style: fire strength 1"))
    assert got is not None
    assert complete_look(got, BASE) == Look({"fire": 1}, 1.0, "shot")
    assert look_chooser((), None, ("fire",))(candidate()) is None
    with pytest.raises(TimelineError, match="its marker 'style: fire strength 3': strength 3 is"):
        look_of(candidate("style: fire strength 3"))
    with pytest.raises(TimelineError, match="unknown style 'snow'"):
        look_of(candidate("style: snow"))
