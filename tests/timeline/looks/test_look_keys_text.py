"""Looks that change over a clip, as people write them: in texts, maps, metadata and markers."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.looks import ClipLook, parse_look
from tests.timeline.building import clip, timeline, track
from tests.timeline.looks.asking import BLUE, FIRE, asked, map_of, marked

BLUES, FIRES = BLUE.styles, FIRE.styles
BOTH = ((0, BLUES), (48, FIRES))
MIXED = (("blue", 0.7), ("fire", 0.3))


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("0: blue, 48: fire", ClipLook(style_keys=BOTH)),
        ("48:fire 0:blue", ClipLook(style_keys=BOTH)),
        ("0: blue\n48: fire\n", ClipLook(style_keys=BOTH)),
        ("0: blue; End: fire.", ClipLook(style_keys=((0, BLUES), (math.inf, FIRES)))),
        ("0: blue:0.7,fire:0.3, 8: fire", ClipLook(style_keys=((0, MIXED), (8, FIRES)))),
        (
            "0: blue strength 0.2, 48: fire strength 1 hold 2",
            ClipLook(style_keys=BOTH, strength_keys=((0, 0.2), (48, 1.0)), hold=2),
        ),
        (
            "fire colour source, 0: strength 0, 24: strength 1",
            ClipLook(FIRES, colour="source", strength_keys=((0, 0.0), (24, 1.0))),
        ),
        ("strength 0.5, 0: blue, 48: fire", None),
        ("fire hold 3", ClipLook(FIRES, hold=3)),
        ("blue:3, fire:1", ClipLook((("blue", 0.75), ("fire", 0.25)))),
    ],
)
def test_what_an_editor_may_write(text: str, look: ClipLook | None) -> None:
    if look is None:
        with pytest.raises(TimelineError):
            parse_look(text)
    else:
        assert parse_look(text) == look


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("0: blue, 0: fire", "two keys at frame 0"),
        ("fire, 0: blue", "style is given twice"),
        ("fire strength 1, 0: strength 0", "strength is given twice"),
        ("0: hold 2", "has neither a style nor a strength"),
        ("0: blue, 48: none", "a look cannot change to 'none'"),
        ("none, 48: fire", "'none' takes no keys"),
        ("0: blue hold 2, 48: fire hold 3", "hold is given twice"),
        ("fire hold 1.5", "hold '1.5' is not a number of frames"),
        ("0: blue fire, 48: fire", "is not a mix"),
        ("0: blue, 48: fire strength much", "strength 'much' is not a number"),
    ],
)
def test_what_cannot_be_understood(text: str, fault: str) -> None:
    with pytest.raises(TimelineError, match=fault):
        parse_look(text)


def test_a_map_has_keys_as_they_are_thought_of(tmp_path: Path) -> None:
    rules = map_of(
        tmp_path,
        """
- clip: a
  style:
    0: blue
    48: fire
- {clip: b, style: {0: blue, end: fire}, strength: {0: 0.5, 12: 1}, hold: 2}
- {clip: c, strength: {0: 0, 12: 1}}
- {clip: d, style: "0: blue, 48: fire"}
""",
    )
    made = timeline(track(*(clip(name, (0, 50)) for name in "abcd")))
    default = ClipLook(FIRES, 0.8)
    assert asked(made, *rules, default=default) == {
        "a": ClipLook(strength=0.8, style_keys=BOTH),
        "b": ClipLook(
            hold=2,
            style_keys=((0, BLUES), (math.inf, FIRES)),
            strength_keys=((0, 0.5), (12, 1.0)),
        ),
        "c": ClipLook(FIRES, strength_keys=((0, 0.0), (12, 1.0))),
        "d": ClipLook(strength=0.8, style_keys=BOTH),
    }
    rules = map_of(tmp_path, "a: {0: blue, 48: FIRE}\nb: none\n'*': blue")
    assert asked(made, *rules)["a"] == ClipLook(style_keys=BOTH), "spelt as the pack spells them"


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("- clip: a\n  style:\n    0: blue\n    0: fire\n", " line 4", "'0' is there twice"),
        ("- clip: a\n  style:\n    0: blue\n    last: fire\n", " line 4", "not a frame"),
        ("- clip: a\n  strength: {0: much}\n", " line 2", "strength 'much' is not a number"),
        ("- clip: a\n  style: {0: [blue]}\n", " line 2", "plain texts"),
        ("- clip: {0: blue}\n  style: fire\n", " line 1", "plain texts"),
        ("- style: fire\n  hold: {0: 2}\n", " line 2", "plain texts"),
        ("- {clip: a, style: {}}\n", " line 1", "no keys"),
    ],
)
def test_a_map_that_is_wrong(tmp_path: Path, text: str, place: str, fault: str) -> None:
    with pytest.raises(TimelineError) as caught:
        map_of(tmp_path, text)
    assert fault in caught.value.what
    assert caught.value.where == f"{tmp_path / 'looks.yaml'}{place}"


def test_metadata() -> None:
    shots = {name: clip(name, (0, 50)) for name in "abc"}
    shots["a"].metadata["nle_style"] = "0: blue, 48: fire"
    shots["b"].metadata["nle_style"] = {
        "style": {"0": "blue", "48": "fire"},
        "strength": {"0": 0, "48": 1},
        "hold": 2,
    }
    shots["c"].metadata["nle_style"] = {"0": "blue", "48": "fire"}
    got = asked(timeline(track(*shots.values())))
    assert got == {
        "a": ClipLook(style_keys=BOTH),
        "b": ClipLook(hold=2, style_keys=BOTH, strength_keys=((0, 0.0), (48, 1.0))),
        "c": ClipLook(style_keys=BOTH),
    }


def test_what_a_clip_leaves_open_of_a_look_that_changes() -> None:
    """A style in the place of those that change, a strength in the place of one that changes."""
    default = ClipLook(style_keys=BOTH, strength_keys=((0, 0.0), (9, 1.0)), hold=2)
    shots = {name: clip(name, (0, 50)) for name in "abc"}
    marked(shots["a"], "style: fire")
    shots["b"].metadata["nle_style"] = {"strength": 0.5}
    got = asked(timeline(track(*shots.values())), default=default)
    assert got["a"] == ClipLook(FIRES, hold=2, strength_keys=default.strength_keys)
    assert got["b"] == ClipLook(style_keys=BOTH, strength=0.5, hold=2)
    assert got["c"] == default


def test_two_markers_that_say_they_are_keys() -> None:
    """The clip shows the frames 100 to 149 of its media; its keys are its frames 6 and 30."""
    shot = clip("a", (100, 50), (0, 500))
    marked(shot, "style key: blue", at=106)
    marked(shot, "", "a note\nStyle-Key = fire strength 0.5, hold 2", at=130)
    got = asked(timeline(track(shot)), default=ClipLook(strength=1.0))
    keys = ((6, BLUES), (30, FIRES))
    assert got["a"] == ClipLook(style_keys=keys, strength_keys=((30, 0.5),), hold=2)


def test_markers_are_counted_at_the_rate_of_the_cut() -> None:
    shot = clip("a", (0, 100), (0, 500))
    for at, style in ((0, "blue"), (50, "fire")):
        time = otio.opentime.RationalTime(at, 50)
        shot.markers.append(
            otio.schema.Marker(f"style key: {style}", otio.opentime.TimeRange(time))
        )
    got = asked(timeline(track(shot)))
    assert got["a"] == ClipLook(style_keys=((0, BLUES), (Fraction(24), FIRES)))


@pytest.mark.parametrize(
    ("markers", "fault"),
    [
        ([("style key: blue", 3)], "has one key alone"),
        ([("style key: blue", 3), ("style: fire", 9)], "its markers disagree"),
        ([("style key: blue", 3), ("style key: fire", 3)], "two keys at frame 3"),
        ([("style key: blue", 3), ("style key: snow", 9)], "unknown style 'snow'"),
        ([("style key: blue", 3), ("style key: fire", 900)], "outside of its media"),
        ([("style key: blue", 3), ("style key: none", 9)], "cannot change to 'none'"),
    ],
)
def test_key_markers_that_cannot_be_followed(markers: list[tuple[str, float]], fault: str) -> None:
    shot = clip("a", (0, 50), (0, 100))
    for text, at in markers:
        marked(shot, text, at=at)
    with pytest.raises(TimelineError, match=fault):
        asked(timeline(track(shot)))


def test_keys_on_a_track_are_no_clips() -> None:
    layer = track(clip("a", (0, 50)))
    marked(layer, "style key: blue", at=3)
    marked(layer, "style key: fire", at=9)
    with pytest.raises(TimelineError, match="only a clip's own"):
        asked(timeline(layer))
