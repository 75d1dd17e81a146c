from __future__ import annotations

from itertools import product
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import LookError, TimelineError
from nle_style.timeline.looks import (
    ClipLook,
    LookRule,
    looks_for,
    parse_look,
    read_look_map,
    unheard_markers,
)
from nle_style.timeline.looks.look_map import matches
from nle_style.timeline.needs import Candidate, plan_shots
from nle_style.timeline.needs.candidates import survey
from tests.timeline.building import Facts as MediaFacts
from tests.timeline.building import (
    clip,
    gap,
    probe_of,
    read_back,
    time,
    timeline,
    track,
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
    on_timeline, on_gap = unheard_markers(made)
    assert "'style: fire' is on the timeline" in on_timeline
    assert "'style: blue' is on a gap" in on_gap


def test_rules_go_by_name_reel_track_and_colours(tmp_path: Path) -> None:
    shots = {n: clip(n, (0, 5)) for n in ("A001_C003", "b", "c", "d", "e", "x.[1-9].tif", "g")}
    shots["b"].metadata["cmx_3600"] = {"reel": "ZZ100_50"}
    reference = shots["c"].media_reference
    reference.metadata["fcp_xml"] = {"timecode": {"reel": {"name": "ZZ200"}}}
    shots["d"].metadata["fcp_xml"] = {"labels": {"label2": "Iris"}}
    shots["e"].color = otio.core.Color(1, 0.5, 0, 1, "Orange")
    marked(shots["g"], "a note")
    high = track(clip("high", (0, 5)), name="Titles")
    made = timeline(track(*shots.values()), high)
    rules = map_of(
        tmp_path,
        """
- {clip: "a00*_c*", strength: 0.1}   # in any case
- {reel: "ZZ100_5?", strength: 0.2}
- {reel: zz200, strength: 0.3}
- {color: iris, strength: 0.4}
- {colour: Orange, clip: nothing, strength: 0.0}
- {colour: "#ff7f00", strength: 0.5}
- {clip: "x.[1-9].tif", strength: 0.6}
- {marker: red, strength: 0.7}
- {track: V2, strength: 0.8}
- {track: V2, strength: 0.9}
""",
    )
    got = asked(made, *rules, default=BLUE)
    strengths = [look and look.strength for look in got.values()]
    assert strengths == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]


def test_tracks_by_name_number_and_path(tmp_path: Path) -> None:
    """In Resolve "Video 2" is V2; a track that is named V1 is no other; V1 is not the inner V1."""
    nest = otio.schema.Stack("Nest", children=[track(clip("in", (0, 5)))])
    sound = track(clip("sound", (0, 5)), kind=otio.schema.TrackKind.Audio)
    made = timeline(
        sound,
        track(clip("a", (0, 5)), name="V9"),
        track(clip("b", (0, 5)), nest, name="Video 2"),
        track(clip("c", (0, 5))),
    )

    def chosen(glob: str) -> list[str]:
        rules = map_of(tmp_path, f"- {{track: '{glob}', style: fire}}\n- style: none")
        return [name for name, look in asked(made, *rules).items() if look]

    assert chosen("V9") == ["a"]
    assert chosen("V1") == []
    assert chosen("V2") == ["b", "in"]
    assert chosen("video 2") == ["b", "in"]
    assert chosen("Video 2 > Nest > V1") == ["in"]
    assert chosen("V3") == ["c"]


def test_a_nest_is_a_clip_to_those_who_cut_with_it(tmp_path: Path) -> None:
    nest = otio.schema.Stack("Compound 1", children=[track(clip("in", (0, 5)))])
    nest.metadata["fcp_xml"] = {"labels": {"label2": "Forest"}}
    made = timeline(track(nest, clip("out", (0, 5))))
    for rule in ("clip: compound *", "colour: Forest"):
        rules = map_of(tmp_path, f"- {{{rule}, style: fire}}")
        assert asked(made, *rules) == {"in": FIRE, "out": None}


def test_a_plain_mapping_of_names(tmp_path: Path) -> None:
    rules = map_of(tmp_path, "0010: fire\nb*: none\n'*': blue strength 0.5\n")
    made = timeline(track(*(clip(name, (0, 5)) for name in ("0010", "b2", "c"))))
    assert asked(made, *rules, default=FIRE) == {
        "0010": FIRE,
        "b2": None,
        "c": ClipLook(BLUE.styles, 0.5),
    }


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("", "", "it holds no rules"),
        ("[]", "", "it holds no rules"),
        ("fire", "", "it holds no rules"),
        ("- clip: a\n  style: fire\n- clp: b\n", " line 3", "unknown key 'clp'"),
        ("- clip: a\n  style: fire\n  clip: b\n", " line 3", "'clip' is there twice"),
        ("- color: a\n  style: fire\n  colour: b\n", " line 3", "'colour' is there twice"),
        ("a: fire\nb: blue\na: blue\n", " line 3", "'a' is there twice"),
        ("- clip: a\n", " line 1", "the rule asks for no look"),
        ("- clip: a\n  style:\n", " line 2", "'style' has no value"),
        ("- clip: a\n  style: ~\n", " line 2", "'style' has no value"),
        ("- clip: [a, b]\n  style: fire\n", " line 1", "plain texts"),
        ("- fire\n", " line 1", "a rule is not `key: value` pairs"),
        ("- clip: a\n  style: fire please\n", " line 2", "is not a mix"),
        ("- style: fire\n  strength: much\n", " line 2", "strength 'much' is not a number"),
        ("- style: none\n  strength: 1\n", " line 2", "'none' takes no strength"),
        ("- style: fire\n  colour: source\n", " line 2", "chooses clips by their colour"),
        ("clip: a\nstyle: fire\n", " line 1", "rules are a list"),
        ("- clip: a\n\tstyle: fire\n", " line 2", "not YAML"),
        ("- &a [*a]\n", " line 1", "a rule is not"),
        ("- <<: {clip: a}\n  style: fire\n", " line 1", "plain texts"),
        ("- !!python/object:os.system {clip: a}\n", " line 1", "the rule asks for no look"),
        ("#" * 2**20 + "\n", "", "too large"),
    ],
)
def test_a_map_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, text: str, place: str, fault: str
) -> None:
    with pytest.raises(TimelineError) as caught:
        map_of(tmp_path, text)
    assert fault in caught.value.what
    assert caught.value.where == f"{tmp_path / 'looks.yaml'}{place}"


def test_a_map_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TimelineError, match="No such file"):
        read_look_map(tmp_path / "none.yaml")
    (tmp_path / "looks.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(TimelineError, match="not UTF-8"):
        read_look_map(tmp_path / "looks.yaml")


def test_globs() -> None:
    assert matches("Shot_010", "shot_0[1-3]0")
    assert matches("x.[1-9].tif", "X.[1-9].TIF")
    assert not matches("shot_0100", "shot_010")


def _sample_timelines() -> list[Path]:
    kinds = (".otio", ".edl", ".xml", ".aaf", ".ale")
    return [path for path in sorted(SAMPLES.rglob("*.*")) if path.suffix in kinds]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample timelines at {SAMPLES}")
def test_no_marker_or_metadata_of_a_real_timeline_is_misread() -> None:
    """Every clip of every sample that the adapters open gets the command line's look."""
    looked_at, markers = 0, 0
    look_of = looks_for((), BLUE, styles=STYLES)
    for path in _sample_timelines():
        for made in _opened(path):
            for candidate in survey(made):
                if isinstance(candidate, Candidate):
                    assert look_of(candidate) == BLUE, path
                    looked_at += 1
            assert unheard_markers(made) == ()
            markers += sum(len(c.markers) for c in made.find_clips())
    # Counted by a walk over find_clips(): 153 markers in the 77 samples that the adapters open.
    assert markers >= 150
    assert looked_at > 1000


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no sample timelines at {SAMPLES}")
def test_rules_find_reels_and_labels_in_real_timelines(tmp_path: Path) -> None:
    (edl,) = _opened(SAMPLES / "cmx3600" / "otio-cmx3600-adapter__screening_example.edl")
    rules = map_of(tmp_path, "- {marker: pink, style: blue}\n- {reel: ZZ100_50, style: fire}")
    got = asked(edl, *rules)
    # Off the file: events 1 to 7 are of reel ZZ100_50, 8 and 9 of ZZ100_51; event 4 has a pink LOC.
    assert [look and look.label for look in got.values()] == ["fire"] * 3 + ["blue"] + [
        *["fire"] * 3,
        *[None] * 2,
    ]
    (xml,) = _opened(SAMPLES / "fcp_xml" / "otio-fcp-adapter__premiere_example.xml")
    rules = map_of(tmp_path, "- {colour: iris, style: fire}\n- {colour: lavender, style: blue}")
    got = asked(xml, *rules)
    assert got["test_title"] == BLUE
    assert got["sc01_sh010_anim.mov"] == FIRE


def _opened(path: Path) -> list[otio.schema.Timeline]:
    options = {"rate": 24, "ignore_timecode_mismatch": True} if path.suffix == ".edl" else {}
    try:
        made = otio.adapters.read_from_file(str(path), **options)
    except Exception:
        return []  # reading is not what is tested here
    found = made if isinstance(made, otio.schema.SerializableCollection) else [made]
    timelines = [item for item in found if isinstance(item, otio.schema.Timeline)]
    for item in timelines if path.suffix == ".edl" else ():
        for layer in item.tracks:
            # The adapter's trims begin a day before the first clip.
            layer.source_range = None
    return timelines
