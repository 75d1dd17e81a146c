"""Looks: validation, mixes, names."""

from __future__ import annotations

import math

import pytest

from nle_style.apply import Look, parse_styles
from nle_style.errors import LookError


def test_weights_are_made_to_sum_to_one() -> None:
    assert Look({"blue": 3, "fire": 1}).styles == {"blue": 0.75, "fire": 0.25}
    assert Look({"blue": 2, "fire": 0}).styles == {"blue": 1.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("blue", {"blue": 1.0}), ("blue:0.7, fire:0.3", {"blue": 0.7, "fire": 0.3})],
)
def test_parse_styles(text: str, expected: dict[str, float]) -> None:
    assert parse_styles(text) == expected


@pytest.mark.parametrize("text", ["", "blue:", "blue:x", "blue,blue:0.3", ":1"])
def test_parse_styles_refuses(text: str) -> None:
    with pytest.raises(LookError, match="not a mix of styles"):
        parse_styles(text)


@pytest.mark.parametrize("strength", [-0.1, 1.1, 2, math.nan, math.inf])
def test_strength_out_of_range(strength: float) -> None:
    with pytest.raises(LookError, match="is not between 0 and 1"):
        Look({"blue": 1}, strength)


@pytest.mark.parametrize("styles", [{}, {"blue": 0}, {"blue": -1}, {"blue": math.nan}])
def test_styles_that_are_no_mix(styles: dict[str, float]) -> None:
    with pytest.raises(LookError):
        Look(styles)


@pytest.mark.parametrize("scale", [0.2, 4.1, 0, -1, math.nan, math.inf])
def test_stroke_scale_out_of_range(scale: float) -> None:
    with pytest.raises(LookError, match=r"is not between 0\.25 and 4"):
        Look({"blue": 1}, stroke_scale=scale)


@pytest.mark.parametrize("scale", [0.25, 1, 4])
def test_stroke_scale_in_range(scale: float) -> None:
    assert Look({"blue": 1}, stroke_scale=scale).as_data()["stroke_scale"] == scale


def test_colour_is_one_of_two() -> None:
    assert Look({"blue": 1}).colour == "poster"
    with pytest.raises(LookError, match=r"unknown colour 'clip'.*poster, source"):
        Look({"blue": 1}, colour="clip")  # type: ignore[arg-type]


def test_label_and_data() -> None:
    assert Look({"blue": 5}).label == "blue"
    mixed = Look({"blue": 0.7, "fire": 0.3}, 0.5, "shot")
    assert mixed.label == Look({"fire": 0.3, "blue": 0.7}).label == "blue70-fire30"
    assert mixed.as_data() == Look({"fire": 3, "blue": 7}, 0.5, "shot").as_data()
    assert mixed.as_data() == {
        "styles": {"blue": 0.7, "fire": 0.3},
        "strength": 0.5,
        "statistics": "shot",
        "stroke_scale": 1.0,
        "colour": "poster",
    }
    other = Look({"blue": 1}, stroke_scale=2, colour="source").as_data()
    assert (other["stroke_scale"], other["colour"]) == (2.0, "source")
