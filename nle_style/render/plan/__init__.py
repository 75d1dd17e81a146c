"""From a job's items to exact plans: source, frames, look, mattes, names and keys."""

from __future__ import annotations

from nle_style.render.plan.changing_looks import look_notes
from nle_style.render.plan.frame_inputs import FrameInputs
from nle_style.render.plan.inspection import INSPECTION_VERSION, Inspection, inspect_item
from nle_style.render.plan.item_plan import ItemPlan
from nle_style.render.plan.name_template import NAME_FIELDS, named_items, names_by
from nle_style.render.plan.naming import source_stem
from nle_style.render.plan.outputs import check_outputs, files_read
from nle_style.render.plan.planner import Planner, engine_of
from nle_style.render.plan.reading import item_source, read_as

__all__ = [
    "INSPECTION_VERSION",
    "NAME_FIELDS",
    "FrameInputs",
    "Inspection",
    "ItemPlan",
    "Planner",
    "check_outputs",
    "engine_of",
    "files_read",
    "inspect_item",
    "item_source",
    "look_notes",
    "named_items",
    "names_by",
    "read_as",
    "source_stem",
]
