"""Maps of looks that are written, and the rules that choose one clip of the cut."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.looks import (
    END,
    ClipLook,
    LookRule,
    look_map_text,
    looks_for,
    marker_text,
    parse_look,
    read_look_map,
)
from nle_style.timeline.needs.candidates import Candidate, survey
from tests.timeline.building import clip, timeline, track
from tests.timeline.looks.asking import BLUE, FIRE, marked


def rule(look: ClipLook | None, *selectors: tuple[str, str], **more: object) -> LookRule:
    return LookRule(selectors, look, "", **more)  # type: ignore[arg-type]


CHANGING = ClipLook(
    style_keys=((Fraction(0), (("blue", 1.0),)), (END, (("fire", 1.0),))),
    strength_keys=((Fraction(0), 0.25), (Fraction(12), 1.0)),
    colour="source",
)


@pytest.mark.parametrize(
    "written",
    [
        rule(BLUE, ("clip", "0010"), at="01:00:00:00", override=True),
        rule(None, ("clip", "no: #x 'y' \"z\" \u00e9 \U0001f600"), ("track", "V1 > Nest > V2")),
        rule(ClipLook.of_mix([("blue", 2), ("fire", 1)], strength=0.3, hold=2, colour="source")),
        rule(ClipLook(styles=FIRE.styles, stroke_scale=1.5, statistics="shot"), ("reel", "true")),
        rule(CHANGING, ("colour", "Iris")),
        rule(FIRE, ("clip", "a\nb"), ("track", " "), ("marker", "null")),
    ],
)
def test_what_is_written_is_read_again(tmp_path: Path, written: LookRule) -> None:
    path = tmp_path / "looks.yaml"
    path.write_text(look_map_text([written], "made here\nfor a test"), encoding="utf-8")
    (read,) = read_look_map(path)
    assert LookRule(read.selectors, read.look, "", read.at, read.override) == written


@pytest.mark.parametrize(
    ("look", "text"),
    [
        (None, "none"),
        (BLUE, "blue"),
        (
            ClipLook((("blue", 0.25), ("fire", 0.75)), 0.5, 1.5, "source", "shot", 2),
            "blue:0.25,fire:0.75 strength 0.5 stroke-scale 1.5 colour source statistics shot"
            " hold 2",
        ),
    ],
)
def test_the_text_of_a_look_asks_for_it(look: ClipLook | None, text: str) -> None:
    assert marker_text(look) == text
    assert parse_look(text) == look
    with pytest.raises(ValueError, match="no look that stays"):
        marker_text(CHANGING)


def test_a_key_between_two_frames_is_no_map() -> None:
    look = ClipLook(style_keys=((Fraction(1, 2), (("blue", 1.0),)), (END, (("fire", 1.0),))))
    with pytest.raises(ValueError, match=r"frame 0\.5"):
        look_map_text([rule(look)])


def test_at_is_where_the_clip_is_seen() -> None:
    """Clips of 5 frames at 24: the second is seen from 5/24 s on, and no more at 10/24 s."""
    made = timeline(track(clip("a", (0, 5)), clip("a", (0, 5))))
    seconds = {"in": Fraction(5, 24), "out": Fraction(10, 24), "before": Fraction(9, 48)}
    for text, expected in (("in", [None, FIRE]), ("before", [FIRE, None]), ("out", [None, None])):
        rules = [rule(FIRE, ("clip", "a"), at=text)]
        look_of = looks_for(rules, None, instant=seconds.__getitem__)
        assert [look_of(c) for c in survey(made) if isinstance(c, Candidate)] == expected


def test_a_rule_that_overrides_counts_before_markers_and_other_rules() -> None:
    made = timeline(track(clip("a", (0, 5)), clip("b", (0, 5))))
    for one in made.find_clips():
        marked(one, "style: blue")
    rules = [rule(BLUE), rule(FIRE, ("clip", "a"), override=True), rule(FIRE, ("clip", "b"))]
    look_of = looks_for(rules, None)
    assert [look_of(c) for c in survey(made) if isinstance(c, Candidate)] == [FIRE, BLUE]


def test_override_is_true_or_false(tmp_path: Path) -> None:
    path = tmp_path / "looks.yaml"
    path.write_text("- {clip: a, style: fire, override: maybe}\n")
    with pytest.raises(TimelineError, match="`override` is 'maybe'"):
        read_look_map(path)
