from __future__ import annotations

from itertools import product
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import LookError, TimelineError
from nle_style.timeline.looks import (
    ClipLook,
    looks_for,
    markers_without_clip,
    parse_look,
)
from nle_style.timeline.needs import plan_shots
from nle_style.timeline.needs.candidates import survey
from tests.timeline.building import Facts as MediaFacts
from tests.timeline.building import (
    clip,
    gap,
    probe_of,
    read_back,
    timeline,
    track,
)
from tests.timeline.looks.asking import BLUE, FIRE, STYLES, asked, map_of, marked


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("fire", FIRE),
        ("  fire. ", FIRE),
        ("fire:3", FIRE),
        ("none", None),
        ("NONE", None),
        ("blue:0.7,fire:0.3", ClipLook((("blue", 0.7), ("fire", 0.3)))),
        ("fire : 3 , blue : 7,", ClipLook((("blue", 0.7), ("fire", 0.3)))),
        ("blue,fire:0", BLUE),
        ("fire strength 0.6", ClipLook(FIRE.styles, strength=0.6)),
        ("fire, Strength = 0.6.", ClipLook(FIRE.styles, strength=0.6)),
        ("fire stroke-scale 1.5", ClipLook(FIRE.styles, stroke_scale=1.5)),
        ("fire stroke scale: 2", ClipLook(FIRE.styles, stroke_scale=2)),
        ("fire stroke_scale 2", ClipLook(FIRE.styles, stroke_scale=2)),
        ("colorful color Source", ClipLook((("colorful", 1.0),), colour="source")),
        (
            "fire statistics shot; colour poster strength 0",
            ClipLook(FIRE.styles, 0.0, None, "poster", "shot"),
        ),
    ],
)
def test_what_an_editor_may_write(text: str, look: ClipLook | None) -> None:
    assert parse_look(text) == look


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "names no style"),
        ("strength 0.6", "is not a mix"),
        ("more like the reference", "is not a mix"),
        ("blue fire", "is not a mix"),
        ("blue:0.7,,fire", "is not a mix"),
        ("blue:much", "weight of blue 'much' is not a number"),
        ("blue:nan", "is not a number"),
        ("blue:-1,fire", "the weight of style 'blue' is -1"),
        ("blue:0", "sum to 0"),
        ("blue,blue", "named twice"),
        ("fire strength", "is not a mix"),
        ("fire strength 60%", "strength '60%' is not a number"),
        ("fire strength 1 strength 0.5", "strength is given twice"),
        ("fire color source colour poster", "colour is given twice"),
        ("none strength 1", "'none' takes no strength"),
        ("fire " * 200, "names no style"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_grammar(text: str, fault: str) -> None:
    with pytest.raises(TimelineError) as caught:
        parse_look(text)
    assert fault in caught.value.what
    assert "blue:0.7,fire:0.3" in caught.value.remedy


def test_equal_mixes_are_one_look_and_have_one_label() -> None:
    thirds = parse_look("blue:1,fire:1,colorful:1")
    assert thirds == ClipLook.of_mix([("colorful", 1 / 3), ("fire", 1 / 3), ("blue", 1 / 3)])
    for weights in product(range(1, 8), repeat=3):
        mix = ClipLook.of_mix(zip("abc", weights, strict=True))
        assert ClipLook.of_mix(mix.styles or ()) == mix
    # 0.07 / 0.1 is 0.7000000000000001.
    assert parse_look("blue:0.07,fire:0.03") == parse_look("blue:0.7,fire:0.3")
    assert thirds is not None
    assert thirds.label == "blue33-colorful33-fire33"
    assert hash(parse_look("fire:2 strength 1")) == hash(parse_look("fire strength 1.0"))


@pytest.mark.parametrize(
    ("name", "comment", "metadata"),
    [
        ("style: fire", "", {}),
        ("STYLE:FIRE", "", {}),
        ("Note", "please look\n  Style : fire\nthanks", {}),
        ("nle_style = fire", "", {}),
        ("", "", {"fcp_xml": {"comment": "style: fire"}}),
        ("", "", {"Resolve_OTIO": {"Keywords": [], "Note": "style: fire"}}),
        ("", "", {"nle_style_source": {"note": "style: fire"}}),
        ("style: fire", "style: fire strength 1", {"Resolve_OTIO": {"Note": None}}),
    ],
)
def test_a_marker_is_heard(name: str, comment: str, metadata: dict[str, object]) -> None:
    shot = clip("a")
    marked(shot, name, comment)
    shot.markers[0].metadata.update(metadata)
    look_of = looks_for((), ClipLook(BLUE.styles, strength=1.0), styles=STYLES)
    (candidate,) = survey(timeline(track(shot)))
    if name and comment.startswith("style"):
        with pytest.raises(TimelineError, match="its markers disagree"):
            look_of(candidate)
    else:
        assert look_of(candidate) == ClipLook(FIRE.styles, strength=1.0)


@pytest.mark.parametrize("text", ["fire", "lifestyle: fire", "the style: fire", "restyle", ""])
def test_other_markers_say_nothing(text: str) -> None:
    shot = clip("a")
    marked(shot, text, text)
    assert asked(timeline(track(shot)), default=BLUE) == {"a": BLUE}


def test_the_nearer_place_counts_and_the_command_line_fills_what_it_leaves_open(
    tmp_path: Path,
) -> None:
    """a has all five, b all but the marker, and so on; each place asks for another strength."""
    clips = {name: clip(name, (0, 10)) for name in "abcdef"}
    marked(clips["a"], "style: blue strength 0.1")
    for name in "ab":
        clips[name].metadata["nle_style"] = {"style": "blue", "strength": 0.2}
    inner = track(clips["a"], clips["b"], clips["c"], name="inside")
    marked(inner, comment="style: blue strength 0.3")
    nest = otio.schema.Stack("Compound 1", children=[inner, track(clips["d"])])
    outer = track(nest, name="V1")
    outer.metadata["nle_style"] = "blue strength 0.4"
    made = timeline(outer, track(clips["e"]), track(clips["f"]))
    rules = map_of(tmp_path, "- track: V2\n  strength: 0.5\n")
    default = ClipLook(FIRE.styles, 0.9, statistics="shot")
    got = asked(made, *rules, default=default)
    assert {name: look and look.strength for name, look in got.items()} == {
        "a": 0.1,
        "b": 0.2,
        "c": 0.3,
        "d": 0.4,
        "e": 0.5,
        "f": 0.9,
    }
    assert [got[name] and got[name].styles for name in "adef"] == [
        *(BLUE.styles, BLUE.styles, FIRE.styles, FIRE.styles)
    ]
    assert {look and look.statistics for look in got.values()} == {"shot"}


def test_none_leaves_a_clip_and_the_planner_skips_it(tmp_path: Path) -> None:
    shots = [clip(name, (0, 10)) for name in "abc"]
    marked(shots[0], "style: none")
    marked(shots[1], "style: fire")
    marked(shots[2], "style: fier")
    made = timeline(track(*shots))
    plan = plan_shots(
        read_back(made, tmp_path),
        probe_of(MediaFacts()),
        look_of=looks_for((), BLUE, styles=STYLES),
    )
    assert [(use.clip_name, use.look) for use in plan.uses] == [("b", FIRE)]
    assert [(s.clip_name, s.reason) for s in plan.skipped] == [("a", "no look asked for")]
    (refusal,) = plan.refusals
    assert refusal.clip_name == "c"
    assert refusal.reason == "its marker 'style: fier': unknown style 'fier'"
    assert "Did you mean 'fire'?" in refusal.remedy


def test_without_a_look_on_the_command_line_other_clips_stay(tmp_path: Path) -> None:
    rules = map_of(tmp_path, "- {clip: a, style: fire}\n- {clip: b, strength: 0.5}\n")
    look_of = looks_for(rules, None)
    a, b, c = survey(timeline(track(*(clip(name, (0, 5)) for name in "abc"))))
    assert look_of(a) == FIRE
    assert look_of(c) is None
    with pytest.raises(TimelineError, match=r"looks\.yaml line 2: it names no style"):
        look_of(b)


def test_a_refusal_of_the_check_names_where_the_look_was_asked_for() -> None:
    shot = clip("a", (0, 5))
    shot.metadata["nle_style"] = {"style": "fire", "strength": 7}

    def check(look: ClipLook) -> None:
        raise LookError(f"strength {look.strength:g} is not between 0 and 1", remedy="Less.")

    (candidate,) = survey(timeline(track(shot)))
    with pytest.raises(TimelineError) as caught:
        looks_for((), None, check=check)(candidate)
    assert caught.value.what == "its metadata 'nle_style': strength 7 is not between 0 and 1"
    assert caught.value.remedy == "Less."


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"syle": "fire"}, "it is no look"),
        ({}, "it is no look"),
        (7, "it is no look"),
        ({"style": "fire", "strength": "much"}, "strength 'much' is not a number"),
        ({"style": "fire strength 1", "strength": 1}, "strength is given twice"),
        ({"style": "none", "strength": 1}, "'none' takes no strength"),
    ],
)
def test_metadata_that_is_no_look_refuses_its_clips(values: object, fault: str) -> None:
    v1 = track(clip("a", (0, 5)), name="V1")
    v1.metadata["nle_style"] = values
    with pytest.raises(TimelineError) as caught:
        asked(timeline(v1), default=BLUE)
    assert caught.value.what == f"the metadata 'nle_style' of the track 'V1': {fault}"


def test_of_markers_that_a_blade_left_on_both_halves_each_half_has_its_own() -> None:
    halves = clip("left", (0, 50)), clip("right", (50, 50))
    for half in halves:
        marked(half, "style: fire", at=10)
        marked(half, "style: blue", at=60)
    assert asked(timeline(track(*halves))) == {"left": FIRE, "right": BLUE}
    marked(halves[0], "style: blue", at=20)
    with pytest.raises(TimelineError, match="its markers disagree: 'style: fire' and 'style: bl"):
        asked(timeline(track(*(half.deepcopy() for half in halves))))


def test_markers_that_are_no_clips_are_told() -> None:
    hole = gap(10)
    marked(hole, "style: blue")
    marked(hole, "a note")
    made = timeline(track(clip("a", (0, 5)), hole))
    marked(made.tracks, comment="style: fire")
    assert asked(made, default=BLUE) == {"a": BLUE}
    on_timeline, on_gap = markers_without_clip(made)
    assert "'style: fire' is on the timeline" in on_timeline
    assert "'style: blue' is on a gap" in on_gap
