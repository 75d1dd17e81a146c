"""Nests and retimes of AAFs that pyaaf2 writes here, component by component; frames by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import aaf2.auid
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import read_timeline
from nle_style.timeline.needs import Plan, plan_shots
from tests.timeline.building import Facts, probe_of

RATE = 24
LENGTH = 100
_MOTION = "9d2ea893-0968-11d3-8a38-0050040ef7d2"
# Source: SMPTE's metadata registry, and AAF Edit Protocol, SpeedRatio: output length per input.
_SPEED_RATIO = "72559a80-24d7-11d3-8a50-0050040ef7d2"


class Writer:
    """Masters `a` and `b` of 100 frames; theirs begin `skip` frames behind their files' first."""

    def __init__(self, file: Any, skip: int) -> None:
        self.new = file.create
        self.content = file.content
        self.masters = {name: self._master(name, skip) for name in "ab"}
        self.dissolve, self.bump = (
            self._operation(f"9d2ea89{n}-0968-11d3-8a38-0050040ef7d2", name, n)
            for n, name in ((2, "Dissolve"), (1, "Bump"))
        )
        self.motion = self._operation(_MOTION, "Motion Control", 1)
        self.motion["IsTimeWarp"].value = True
        rational = file.dictionary.lookup_typedef("Rational")
        ratio = aaf2.auid.AUID(_SPEED_RATIO)
        self.ratio = self.new.ParameterDef(ratio, "SpeedRatio", "", rational)
        for made in (self.dissolve, self.bump, self.motion, self.ratio):
            file.dictionary.register_def(made)

    def _operation(self, auid: str, name: str, inputs: int) -> Any:
        made = self.new.OperationDef(aaf2.auid.AUID(auid), name, "")
        made.media_kind = "picture"
        made["NumberInputs"].value = inputs
        return made

    def _master(self, name: str, skip: int) -> Any:
        source, master = self.new.SourceMob(name), self.new.MasterMob(name)
        picture, locator = self.new.ImportDescriptor(), self.new.NetworkLocator()
        locator["URLString"].value = f"file:///media/{name}.mov"
        picture["Locator"].append(locator)
        source.descriptor = picture
        slot = source.create_picture_slot(RATE)
        slot.segment = self.new.SourceClip(media_kind="picture", length=LENGTH)
        shown = master.create_picture_slot(RATE)
        length = LENGTH - skip
        shown.segment = source.create_source_clip(slot.slot_id, skip, length, "picture")
        for mob in (source, master):
            self.content.mobs.append(mob)
        return master

    def clip(self, of: Any, start: int, length: int) -> Any:
        """A part of a master by its name, or of a composition."""
        mob = self.masters.get(of, of) if isinstance(of, str) else of
        return mob.create_source_clip(1, start, length, "picture")

    def sequence(self, *items: Any) -> Any:
        made = self.new.Sequence(media_kind="picture")
        for item in items:
            made.components.append(item)
        made.length = sum(-i.length if _crosses(i) else i.length for i in items)
        return made

    def composition(self, *items: Any) -> Any:
        made = self.new.CompositionMob("cut")
        made.create_timeline_slot(RATE, 1).segment = self.sequence(*items)
        self.content.mobs.append(made)
        return made

    def transition(self, length: int, cut: int) -> Any:
        """It lies over the ends of both its neighbours, which are as long as with it."""
        made = self.new.Transition()
        made.media_kind, made.length = "picture", length
        made["OperationGroup"].value = self.new.OperationGroup(
            self.dissolve, length=length, media_kind="picture"
        )
        made["CutPoint"].value = cut
        return made

    def retimed(self, ratio: str, length: int, inside: Any, operation: Any = None) -> Any:
        group = self.new.OperationGroup(
            operation or self.motion, length=length, media_kind="picture"
        )
        group.segments.append(inside)
        group.parameters.append(self.new.ConstantValue(self.ratio, ratio))
        return group


def _crosses(item: Any) -> bool:
    return isinstance(item, aaf2.components.Transition)


def read_cut(folder: Path, items: Callable[[Writer], list[Any]], skip: int = 0) -> Plan:
    path = folder / "cut.aaf"
    with aaf2.open(str(path), "w") as file:
        writer = Writer(file, skip)
        writer.composition(*items(writer)).usage = "Usage_TopLevel"
    return plan_shots(read_timeline(path), probe_of(Facts(Fraction(RATE), LENGTH)))


def fast(at: Writer) -> Any:
    """Frames 20, 22, ... 38 of a."""
    return at.retimed("1/2", 10, at.clip("a", 20, 20))


@pytest.mark.parametrize(
    ("items", "skip", "wanted"),
    [
        # A nest from its frame 5 on, of a 10-19 and b 30-39.
        (
            lambda at: [
                at.clip(at.composition(at.clip("a", 10, 10), at.clip("b", 30, 10)), 5, 10)
            ],
            0,
            [("a", 15, 19), ("b", 30, 34)],
        ),
        # A nest of masters that begin on frame 7 of their files.
        (lambda at: [at.clip(at.composition(at.clip("a", 10, 20)), 5, 10)], 7, [("a", 22, 31)]),
        (lambda at: [at.clip("b", 0, 3), fast(at)], 0, [("b", 0, 2), ("a", 20, 38)]),
        (lambda at: [at.retimed("2/1", 10, at.clip("a", 20, 5))], 0, [("a", 20, 24)]),
        # A nest from its frame 5 on, whose first clip plays at twice its speed.
        (
            lambda at: [at.clip(at.composition(fast(at), at.clip("b", 30, 20)), 5, 10)],
            0,
            [("a", 30, 38), ("b", 30, 34)],
        ),
        (lambda at: [at.clip(at.composition(fast(at)), 5, 5)], 0, [("a", 30, 38)]),
        # Twice as fast: a nest from its frame 10 on, of a 10-29 and b 30-49; and two clips.
        (
            lambda at: [
                at.retimed(
                    "1/2",
                    10,
                    at.clip(at.composition(at.clip("a", 10, 20), at.clip("b", 30, 20)), 10, 20),
                )
            ],
            0,
            [("a", 20, 28), ("b", 30, 38)],
        ),
        (
            lambda at: [
                at.retimed("1/2", 10, at.sequence(at.clip("a", 10, 10), at.clip("b", 30, 10)))
            ],
            0,
            [("a", 10, 18), ("b", 30, 38)],
        ),
    ],
)  # fmt: skip
def test_nests_and_retimes(
    tmp_path: Path,
    items: Callable[[Writer], list[Any]],
    skip: int,
    wanted: list[tuple[str, int, int]],
) -> None:
    plan = read_cut(tmp_path, items, skip)
    assert not plan.refusals
    assert [use.source.stem for use in plan.uses] == [name for name, _, _ in wanted]
    for use, (_, first, last) in zip(plan.uses, wanted, strict=True):
        # A frame beside those that are shown, for retimes that are read in other ways.
        assert first - 1 <= use.first <= first
        assert last <= use.last <= last + 2


@pytest.mark.parametrize(
    ("items", "way", "shown"),
    [
        # b at twice its speed, ten frames of the cut, of which two lie before the cut.
        (lambda at: [at.retimed("1/2", 10, at.clip("b", 30, 20))], (34, 2), (30, 48)),
        # At half of it: the cut is one frame of the source later.
        (lambda at: [at.retimed("2/1", 10, at.clip("b", 30, 5))], (31, Fraction(1, 2)), (30, 34)),
        # A freeze, which Avid writes as a ratio that is the length.
        (lambda at: [at.retimed("10", 10, at.clip("b", 30, 1))], None, (30, 30)),
        # Within a nest behind one frame of a, which the transition covers.
        (
            lambda at: [
                at.clip(
                    at.composition(at.clip("a", 0, 1), at.retimed("1/2", 10, at.clip("b", 30, 20))),
                    0,
                    11,
                )
            ],
            (30, 2),
            (30, 48),
        ),
        # Reverse from frame 39 down to 30.
        (lambda at: [at.retimed("-1/1", 10, at.clip("b", 30, 10))], None, (30, 39)),
    ],
)
def test_a_speed_beside_dissolves(
    tmp_path: Path,
    items: Callable[[Writer], list[Any]],
    way: tuple[int, Fraction] | None,
    shown: tuple[int, int],
) -> None:
    around = at_both_ends(items)
    plan = read_cut(tmp_path, around)
    assert not plan.refusals
    (use,) = (use for use in plan.uses if use.source.stem == "b")
    assert use.way == way
    assert use.first <= shown[0]
    assert use.last >= shown[1]


def at_both_ends(items: Callable[[Writer], list[Any]]) -> Callable[[Writer], list[Any]]:
    """A dissolve before, two frames of it before the cut, and one behind, three behind its cut."""

    def around(at: Writer) -> list[Any]:
        before, behind = at.transition(4, 2), at.transition(6, 3)
        return [at.clip("a", 20, 20), before, *items(at), behind, at.clip("a", 70, 20)]

    return around


def _missing(at: Writer) -> Any:
    gone = at.clip("a", 0, 10)
    gone["SourceMobSlotID"].value = 9
    return gone


def _with_effect(at: Writer) -> Any:
    """A clip of a master that is an effect around its file."""
    master = at.new.MasterMob("effect")
    inside = at.masters["a"].slots[0].segment.mob.create_source_clip(1, 10, 80, "picture")
    master.create_picture_slot(RATE).segment = at.retimed("1/1", 80, inside, at.bump)
    at.content.mobs.append(master)
    return at.clip(master, 5, 10)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (_missing, "the AAF does not have the clip that it shows"),
        (_with_effect, "its master clip is more than a reference to its file"),
        (
            lambda at: at.retimed("1/2", 10, at.clip("a", 20, 20), at.bump),
            r"its effect Bump has a speed \(1/2\) and is no time warp",
        ),
    ],
)
def test_a_picture_that_cannot_be_followed_is_refused(
    tmp_path: Path, item: Callable[[Writer], Any], reason: str
) -> None:
    plan = read_cut(tmp_path, lambda at: [at.clip("b", 0, 5), item(at), at.clip("b", 50, 5)])
    (refusal,) = plan.refusals
    assert re.match(reason, refusal.reason)
    assert [use.record and use.record[0] * RATE for use in plan.uses] == [0, 15]


def test_a_clip_of_no_source_shows_nothing(tmp_path: Path) -> None:
    """pyaaf2 gives it the ID of zeros, by which an AAF says that nothing is behind it."""

    def items(at: Writer) -> list[Any]:
        nothing = at.new.SourceClip(media_kind="picture", length=10)
        return [at.clip("b", 0, 5), nothing, at.clip("b", 50, 5)]

    plan = read_cut(tmp_path, items)
    assert not plan.refusals
    assert [use.record and use.record[0] * RATE for use in plan.uses] == [0, 15]


def test_an_effect_that_has_a_speed_of_1_is_none(tmp_path: Path) -> None:
    plan = read_cut(tmp_path, lambda at: [at.retimed("1/1", 10, at.clip("a", 20, 10), at.bump)])
    assert [(use.first, use.last) for use in plan.uses] == [(20, 29)]


def test_a_component_that_would_be_left_out_is_refused(tmp_path: Path) -> None:
    """What lies behind it would move to its place."""

    def items(at: Writer) -> list[Any]:
        group = at.new.EssenceGroup()
        group.media_kind, group.length = "picture", 10
        group["Choices"].append(at.clip("a", 20, 10))
        return [at.clip("b", 0, 5), group, at.clip("b", 50, 5)]

    with pytest.raises(TimelineError, match=r"cannot be read \(EssenceGroup\)"):
        read_cut(tmp_path, items)
