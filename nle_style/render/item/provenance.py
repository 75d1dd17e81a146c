"""Where an intermediate comes from, as it and its manifest say it; and its writer."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from nle_style.media.base import MediaInfo
from nle_style.media.write import IntermediateWriter
from nle_style.render.plan import ItemPlan

__all__ = ["source_facts", "writer_of"]


def writer_of(plan: ItemPlan) -> IntermediateWriter:
    """The writer of an item's units, into its work folder."""
    return IntermediateWriter(
        plan.destination,
        plan.spec,
        plan.info,
        plan.first,
        plan.last,
        work=plan.work,
        metadata=_provenance(plan),
        painted=plan.painted if plan.sparse else None,
        threads=plan.budget.writers,
    )


def _provenance(plan: ItemPlan) -> dict[str, str]:
    """What an intermediate says of itself: tags of the movie, attributes of every EXR."""
    colour = {} if plan.scene is None else {"nle_style_colour": plan.scene.name}
    return colour | {
        "nle_style": plan.manifest.key,
        "nle_style_version": version("nle-style"),
        "nle_style_pack": plan.facts["pack"],
        "nle_style_pack_sha256": plan.facts["pack_sha256"],
        "nle_style_look": json.dumps(plan.facts["look"], sort_keys=True),
    }


def source_facts(info: MediaInfo) -> dict[str, Any]:
    """What `nle_style.timeline.media_linker` has to know of the source, which may be missing when
    the timeline is opened."""
    return {
        "rate": str(info.rate),
        "frames": info.frame_count,
        "timecode": info.timecode,
        "first_number": info.first_frame_number if info.kind == "sequence" else None,
    }
