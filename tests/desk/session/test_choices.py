"""What is chosen at the desk, and the map that it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from nle_style.apply import Look
from nle_style.desk.session import Desk
from nle_style.errors import InputError, LookError
from nle_style.render.cut import BatchOptions
from tests.desk.desks import batch_of_map, desk_on, look, write_twins
from tests.render.round_trips.round_trip import Shots


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    return write_twins(Shots(tmp_path, Fraction(24)), tmp_path / "cut.otio")


@pytest.fixture
def desk(cut: Path, tiny_pack: Path, tmp_path: Path) -> Iterator[Desk]:
    made = desk_on(cut, tiny_pack, tmp_path / "out")
    yield made
    made.close()


def mixes(desk: Desk) -> list[dict[str, float] | None]:
    shots = desk.project()["shots"]
    return [shot["look"] and shot["look"]["styles"] for shot in shots]


def reopened(desk: Desk, cut: Path, pack: Path) -> Desk:
    folder = Path(desk.project()["folder"])
    desk.close()
    return desk_on(cut, pack, folder)


def test_the_cut_says_what_the_desk_begins_with(desk: Desk) -> None:
    assert mixes(desk) == [None, {"red": 1.0}, None]
    assert not Path(desk.project()["looks_file"]).exists()


def test_shots_of_one_name_get_their_own_looks_in_the_batch(
    desk: Desk, cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk.choose(["s0001"], look(blue=1.0))
    desk.choose(["s0003"], look(0.5, green=3.0, blue=1.0))
    planned = batch_of_map(cut, tiny_pack, tmp_path / "other", tmp_path / "out" / "looks.yaml")
    asked = {use.first: use.look for use in planned.plan.uses}
    assert asked[10].styles == (("blue", 0.25), ("green", 0.75))
    assert asked[10].strength == 0.5
    first, marked = (u.look for u in planned.plan.uses if u.first == 0)
    assert (first.styles, marked.styles) == ((("blue", 1.0),), (("red", 1.0),))


def test_a_choice_overrides_a_marker_and_none_leaves_the_clip_alone(
    desk: Desk, cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk.choose(["s0002", "s0001"], look(green=1.0))
    assert mixes(desk) == [{"green": 1.0}, {"green": 1.0}, None]
    desk.choose(["s0002"], None)
    planned = batch_of_map(cut, tiny_pack, tmp_path / "other", tmp_path / "out" / "looks.yaml")
    assert [use.clip_name for use in planned.plan.uses] == ["flower field"]


def test_steps_are_undone_and_done_again_in_the_file_too(desk: Desk, tmp_path: Path) -> None:
    looks = tmp_path / "out" / "looks.yaml"
    desk.choose(["s0001"], look(blue=1.0))
    one = looks.read_text()
    desk.choose(["s0001", "s0003"], look(red=1.0))
    two = looks.read_text()
    project = desk.undo()
    assert (looks.read_text(), project["can_undo"], project["can_redo"]) == (one, True, True)
    desk.redo()
    assert looks.read_text() == two != one
    desk.undo()
    desk.choose(["s0003"], look(green=1.0))
    assert not desk.project()["can_redo"]


def test_all_undone_is_as_if_nothing_was_chosen(desk: Desk, cut: Path, tiny_pack: Path) -> None:
    desk.choose(["s0001"], look(blue=1.0))
    desk.undo()
    assert not Path(desk.project()["looks_file"]).exists()
    assert [row["status"] for row in desk.plan()["rows"]] == ["to render"]
    again = reopened(desk, cut, tiny_pack)
    assert mixes(again) == [None, {"red": 1.0}, None]
    again.close()


def test_it_goes_on_where_it_was_left(desk: Desk, cut: Path, tiny_pack: Path) -> None:
    desk.choose(["s0001"], look(blue=1.0))
    desk.choose(["s0002"], None)
    again = reopened(desk, cut, tiny_pack)
    assert mixes(again) == [{"blue": 1.0}, None, None]
    again.choose(["s0003"], look(red=1.0))
    again.close()
    assert mixes(reopened(again, cut, tiny_pack)) == [{"blue": 1.0}, None, {"red": 1.0}]


def test_a_map_stands_behind_what_is_chosen(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    given = tmp_path / "mine.yaml"
    given.write_text("- {clip: flower*, style: {0: blue, 3: green}}\n")
    desk = desk_on(cut, tiny_pack, tmp_path / "out", options=BatchOptions(look_map=given))
    desk.choose(["s0003"], look(red=1.0))
    again = reopened(desk, cut, tiny_pack)
    first, _, third = again.project()["shots"]
    assert (first["changes"], first["look"]) == ("blue to green", None)
    assert third["look"]["styles"] == {"red": 1.0}
    again.close()
    with pytest.raises(InputError, match="chosen in this folder before"):
        desk_on(cut, tiny_pack, tmp_path / "out", options=BatchOptions(look_map=given))


def test_a_style_is_what_shots_without_one_begin_with(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    desk = desk_on(cut, tiny_pack, tmp_path / "out", look=Look({"blue": 1.0}, hold=2))
    assert mixes(desk) == [{"blue": 1.0}, {"red": 1.0}, {"blue": 1.0}]
    desk.close()
    planned = batch_of_map(cut, tiny_pack, tmp_path / "other", tmp_path / "out" / "looks.yaml")
    assert sorted(use.look.hold or 0 for use in planned.plan.uses) == [0, 2, 2]


def test_another_looks_file_is_not_written_over(cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    mine = tmp_path / "out" / "looks.yaml"
    mine.parent.mkdir()
    mine.write_text("- {style: red}\n")
    with pytest.raises(InputError, match="not written by the desk"):
        desk_on(cut, tiny_pack, tmp_path / "out")
    assert mine.read_text() == "- {style: red}\n"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"styles": {"bleu": 1}}, "unknown style 'bleu'"),
        ({"styles": {"blue": 1}, "strength": 2}, "strength 2"),
        ({"styles": {"blue": 0}}, "sum to 0"),
        ({"styles": {"blue": float("nan")}}, "weight of style 'blue' is nan"),
        ({"styles": {"blue": 1}, "stroke_scale": 9}, "stroke scale 9"),
        ({"styles": {"blue": 1}, "colour": "x\nstyle: red"}, "unknown colour"),
        ({"styles": ["blue"]}, "that is no look"),
    ],
)
def test_what_is_no_look_changes_nothing(desk: Desk, asked: dict, message: str) -> None:  # type: ignore[type-arg]
    before = desk.project()
    with pytest.raises(LookError, match=message):
        desk.choose(["s0001"], asked)
    assert desk.project() == before
