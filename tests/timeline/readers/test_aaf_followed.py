"""What AAFs play through Selectors and Pulldowns, of files that pyaaf2 writes; frames by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of
from tests.timeline.readers.test_aaf import RATE, Writer, read_cut

FILM, TAPE = Fraction(24000, 1001), Fraction(30000, 1001)


def selector(at: Writer, selected: Any, *alternates: Any) -> Any:
    made = at.new.Selector()
    made.media_kind, made.length = "picture", 10
    made["Selected"].value = selected
    for each in alternates:
        made["Alternates"].append(each)
    return made


def muted(at: Writer, *alternates: Any) -> Any:
    return selector(at, at.new.Filler("picture", 10), *alternates)


def group(at: Writer) -> Any:
    """A component that the adapter leaves out."""
    made = at.new.EssenceGroup()
    made.media_kind, made.length = "picture", 10
    made["Choices"].append(at.clip("a", 20, 10))
    return made


def nowhere(at: Writer) -> Any:
    made = at.clip("a", 0, 10)
    made["SourceMobSlotID"].value = 9
    return made


def pulldown(at: Writer, inside: Any, length: int) -> Any:
    made = at.new.Pulldown()
    made.media_kind, made.length = "picture", length
    made["InputSegment"].value = inside
    made["PulldownKind"].value = "TwoThreePD"
    made["PulldownDirection"].value = "TapeToFilmSpeed"
    made["PhaseFrame"].value = 0
    return made


def between(item: Callable[[Writer], Any]) -> Callable[[Writer], list[Any]]:
    return lambda at: [at.clip("b", 0, 5), item(at), at.clip("b", 50, 5)]


def shows(plan: Plan) -> list[tuple[str, int, int, int]]:
    """The files that are used, their frames, and where they lie in the cut."""
    uses = [(use.source.stem, use.first, use.last, use.record) for use in plan.uses]
    return [(name, a, b, int(at[0] * RATE) if at else -1) for name, a, b, at in uses]


AROUND = [("b", 0, 4, 0), ("b", 50, 54, 15)]


@pytest.mark.parametrize(
    ("item", "left"),
    [
        (lambda at: muted(at), ["gap"]),
        (lambda at: muted(at, at.clip("a", 20, 10)), ["disabled"]),
        (lambda at: muted(at, at.clip("a", 20, 10), at.clip("b", 20, 10)), ["gap"]),
        (lambda at: muted(at, group(at)), ["gap"]),
        (lambda at: selector(at, at.new.SourceClip(media_kind="picture", length=10)), ["gap"]),
    ],
)
def test_a_muted_selector_shows_nothing_whatever_it_has_aside(
    tmp_path: Path, item: Callable[[Writer], Any], left: list[str]
) -> None:
    plan = read_cut(tmp_path, between(item))
    assert not plan.refusals
    assert [skipped.reason for skipped in plan.skipped] == left
    assert shows(plan) == AROUND


def test_a_selector_plays_its_selected_whatever_it_has_aside(tmp_path: Path) -> None:
    plan = read_cut(tmp_path, between(lambda at: selector(at, at.clip("a", 20, 10), group(at))))
    assert not plan.refusals
    assert shows(plan) == [AROUND[0], ("a", 20, 29, 5), AROUND[1]]


def test_a_selected_clip_that_is_not_in_the_file_is_refused_alone(tmp_path: Path) -> None:
    plan = read_cut(tmp_path, between(lambda at: selector(at, nowhere(at))))
    (refusal,) = plan.refusals
    assert refusal.reason == "the AAF does not have the clip that it shows"
    assert shows(plan) == AROUND


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (lambda at: selector(at, group(at)), r"EssenceGroup"),
        # As long as what it plays, or all behind it would lie elsewhere.
        (lambda at: selector(at, at.clip("a", 20, 12)), "Wrong duration"),
        (lambda at: pulldown(at, at.clip("a", 20, 12), 10), r"\(Pulldown\)"),
    ],
)
def test_what_moves_all_behind_it_refuses_the_file(
    tmp_path: Path, item: Callable[[Writer], Any], reason: str
) -> None:
    with pytest.raises(TimelineError, match=reason):
        read_cut(tmp_path, between(item))


def of_master(at: Writer) -> Any:
    """Frames 35 to 44 of a, by a master of a part of its master."""
    outer = at.new.MasterMob("outer")
    inside = at.masters["a"].create_source_clip(1, 30, 40, "picture")
    outer.create_picture_slot(RATE).segment = inside
    at.content.mobs.append(outer)
    return at.clip(outer, 5, 10)


def of_origin(at: Writer) -> Any:
    """Frames 27 to 36 of a, whose master counts from its frame 7."""
    at.masters["a"].slots[0]["Origin"].value = 7
    return at.clip("a", 20, 10)


def of_files_origin(at: Writer) -> Any:
    file = at.masters["a"].slots[0].segment.mob
    file.slots[0]["Origin"].value = 7
    return at.clip("a", 20, 10)


@pytest.mark.parametrize("item", [of_master, of_origin, of_files_origin])
def test_a_master_that_the_adapter_does_not_follow_is_refused(
    tmp_path: Path, item: Callable[[Writer], Any]
) -> None:
    """It shows a's frames from 5 and from 20 on."""
    plan = read_cut(tmp_path, between(item))
    (refusal,) = plan.refusals
    assert refusal.reason.startswith("its master clip is more than a reference to its file")
    assert refusal.clip_name in ("a", "outer")
    assert shows(plan) == AROUND


def test_a_master_of_two_files_shows_both(tmp_path: Path) -> None:
    """As of cards that were full: 50 frames of a, then those of b from its frame 10 on."""

    def spanned(at: Writer) -> Any:
        one, two = (at.masters[name].slots[0].segment.mob for name in "ab")
        master = at.new.MasterMob("spanned")
        parts = (one.create_source_clip(1, 0, 50, "picture"),
                 two.create_source_clip(1, 10, 50, "picture"))  # fmt: skip
        master.create_picture_slot(RATE).segment = at.sequence(*parts)
        at.content.mobs.append(master)
        return at.clip(master, 45, 10)

    plan = read_cut(tmp_path, between(spanned))
    assert not plan.refusals
    assert shows(plan) == [AROUND[0], ("a", 45, 49, 5), ("b", 10, 14, 10), AROUND[1]]


def test_a_file_that_was_pulled_down_from_a_tape_begins_with_its_first_frame(
    tmp_path: Path,
) -> None:
    """29.97 frames of a tape, from its frame 50 on, are the file's 23.976."""
    path = tmp_path / "cut.aaf"
    with aaf2.open(str(path), "w") as file:
        at = Writer(file, 0)
        tape, captured, master = at.new.SourceMob("T"), at.new.SourceMob("c"), at.new.MasterMob("c")
        tape.descriptor, picture = at.new.TapeDescriptor(), at.new.ImportDescriptor()
        on_tape = tape.create_timeline_slot(TAPE)
        on_tape.segment = at.new.SourceClip(media_kind="picture", length=108000)
        locator = at.new.NetworkLocator()
        locator["URLString"].value = "file:///media/c.mov"
        picture["Locator"].append(locator)
        captured.descriptor = picture
        slot = captured.create_timeline_slot(FILM)
        from_tape = tape.create_source_clip(on_tape.slot_id, 50, 125, "picture")
        slot.segment = pulldown(at, from_tape, 100)
        shown = master.create_timeline_slot(FILM)
        shown.segment = captured.create_source_clip(slot.slot_id, 0, 100, "picture")
        at.content.mobs.extend([tape, captured, master])
        cut = at.new.CompositionMob("cut")
        part = master.create_source_clip(shown.slot_id, 20, 10, "picture")
        cut.create_timeline_slot(FILM, 1).segment = at.sequence(part)
        cut.usage = "Usage_TopLevel"
        at.content.mobs.append(cut)
    plan = plan_shots(read_timeline(path), probe_of(Facts(FILM, 100, 86440)))
    assert not plan.refusals
    assert [(use.source.stem, use.first, use.last) for use in plan.uses] == [("c", 20, 29)]


def test_the_file_is_opened_once_and_the_adapter_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = otio.adapters.from_name("AAF").module()
    before, opened, open_ = vars(module).copy(), [], aaf2.open

    def counted(path: str, *how: str) -> Any:
        opened.append(path)
        return open_(path, *how)

    path = tmp_path / "cut.aaf"
    with aaf2.open(str(path), "w") as file:
        at = Writer(file, 0)
        at.composition(at.clip("a", 20, 10)).usage = "Usage_TopLevel"
    monkeypatch.setattr(aaf2, "open", counted)
    read_timeline(path)
    assert opened == [str(path)]
    changed = ("_transcribe", "_resolve_single_slot_component")
    assert all(vars(module)[name] is before[name] for name in changed)
