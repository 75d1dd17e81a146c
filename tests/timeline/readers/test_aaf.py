"""Nests and retimes of AAFs that pyaaf2 writes here, component by component; frames by hand."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import aaf2
import aaf2.auid
import pytest

from nle_style.timeline import read_timeline
from nle_style.timeline.needs import plan_shots
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
        self.motion = self.new.OperationDef(aaf2.auid.AUID(_MOTION), "Motion Control", "")
        self.motion.media_kind = "picture"
        self.motion["NumberInputs"].value = 1
        self.motion["IsTimeWarp"].value = True
        rational = file.dictionary.lookup_typedef("Rational")
        ratio = aaf2.auid.AUID(_SPEED_RATIO)
        self.ratio = self.new.ParameterDef(ratio, "SpeedRatio", "", rational)
        file.dictionary.register_def(self.motion)
        file.dictionary.register_def(self.ratio)

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
        made.length = sum(item.length for item in items)
        return made

    def composition(self, *items: Any) -> Any:
        made = self.new.CompositionMob("cut")
        made.create_timeline_slot(RATE, 1).segment = self.sequence(*items)
        self.content.mobs.append(made)
        return made

    def retimed(self, ratio: str, length: int, inside: Any) -> Any:
        group = self.new.OperationGroup(self.motion, length=length, media_kind="picture")
        group.segments.append(inside)
        group.parameters.append(self.new.ConstantValue(self.ratio, ratio))
        return group


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
    path = tmp_path / "cut.aaf"
    with aaf2.open(str(path), "w") as file:
        writer = Writer(file, skip)
        cut = writer.composition(*items(writer))
        cut.usage = "Usage_TopLevel"
    plan = plan_shots(read_timeline(path), probe_of(Facts(Fraction(RATE), LENGTH)))
    assert not plan.refusals
    assert [use.source.stem for use in plan.uses] == [name for name, _, _ in wanted]
    for use, (_, first, last) in zip(plan.uses, wanted, strict=True):
        # A frame beside those that are shown, for retimes that are read in other ways.
        assert first - 1 <= use.first <= first
        assert last <= use.last <= last + 2
