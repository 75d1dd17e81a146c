"""Looks by a map file, and the looks of real timelines."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.looks import (
    ClipLook,
    looks_for,
    markers_without_clip,
    read_look_map,
)
from nle_style.timeline.looks.look_map import matches
from nle_style.timeline.needs import Candidate
from nle_style.timeline.needs.candidates import survey
from tests.timeline.building import (
    clip,
    timeline,
    track,
)
from tests.timeline.looks.asking import BLUE, FIRE, SAMPLES, STYLES, asked, map_of, marked


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
            assert markers_without_clip(made) == ()
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
