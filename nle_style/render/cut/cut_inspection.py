"""What a timeline is: its clips, the media they show, and what would be refused of both."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from nle_style.apply import choose_device
from nle_style.core import load_pack
from nle_style.render.cut.batch_plan import PlannedBatch
from nle_style.render.cut.clip_table import clip_ends, clip_identity, clip_place, clips_exit_code
from nle_style.render.outcomes import outcome_of
from nle_style.render.plan import INSPECTION_VERSION, Inspection, Planner, inspect_item
from nle_style.shipped import find_pack

__all__ = ["CutInspection", "inspect_cut"]


@dataclass(frozen=True)
class CutInspection:
    """A timeline.

    Attributes:
        batch: as it would be rendered.
        ranges: of each range of its plan, in their order, what is rendered for it.
    """

    batch: PlannedBatch
    ranges: tuple[Inspection, ...]

    @property
    def sources(self) -> tuple[Inspection, ...]:
        """Its media, each once, in the order of the cut; of those with a refused range that one."""
        found: dict[str, Inspection] = {}
        for each in self.ranges:
            name = str(each.source)
            if name not in found or (each.error and not found[name].error):
                found[name] = each
        return tuple(found.values())

    def clips(self) -> list[dict[str, Any]]:
        """Every clip that is planned: where it stands, what it shows, and what is refused of it."""
        by_range = dict(zip(self.batch.plan.ranges, self.ranges, strict=True))
        return [
            {
                **clip_identity(use),
                **clip_place(self.batch.read, use),
                "note": use.note,
                "refused": None
                if (error := by_range[use.range].error) is None
                else error.as_data(),
            }
            for use in self.batch.plan.uses
        ]

    @property
    def exit_code(self) -> int:
        """That of a run, as far as is known without rendering."""
        ranges = [(outcome_of(each.error), each.error) for each in self.ranges]
        return clips_exit_code(clip_ends(self.batch.plan, ranges))

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON; docs/report.md has the keys."""
        plan = self.batch.plan
        return {
            "nle_style_info": INSPECTION_VERSION,
            "source": str(self.batch.read.path),
            "kind": "timeline",
            "clips": self.clips(),
            "media": [_of_all_clips(each.as_data()) for each in self.sources],
            "refusals": [asdict(refusal) for refusal in plan.refusals],
            "skipped": [asdict(skipped) for skipped in plan.skipped],
            "notes": list(self.batch.notes),
        }


def inspect_cut(batch: PlannedBatch) -> CutInspection:
    """Plan what a batch would render, as it does. Nothing is written.

    Raises: PackError, InputError if the pack or the device is not available.
    """
    if batch.job is None:
        return CutInspection(batch, ())
    pack, device = load_pack(find_pack(batch.job.pack)), choose_device(batch.job.control.device)
    planner = Planner(batch.job, pack, device, batch.sources)
    return CutInspection(batch, tuple(inspect_item(planner, item) for item in batch.job.items))


def _of_all_clips(data: dict[str, Any]) -> dict[str, Any]:
    """What is said of a source, without the frames of the one range that it was planned for."""
    reading = data["reading"]
    if reading is not None:
        reading = {key: reading[key] for key in reading if key not in ("frames", "numbers")}
    return {**data, "reading": reading}
