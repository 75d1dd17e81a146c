"""`nle-style demo`: the bundled cut, rendered, relinked and shown."""

from __future__ import annotations

import threading
from pathlib import Path

from nle_style.apply import Look
from nle_style.core import contact_sheet
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Control, OnEvent, Output, Written
from nle_style.render.cut import BatchResult, plan_batch, run_batch
from nle_style.shipped import bundled

__all__ = ["run_demo"]


def run_demo(
    folder: Path,
    look: Look,
    on_event: OnEvent,
    stop: threading.Event,
    *,
    overwrite: bool = False,
) -> BatchResult:
    """Batch `examples/demo.otio` and draw the middle frame of every styled clip before and after.

    Raises:
        NleStyleError: as `plan_batch` and `run_batch`.
        OutputError: the picture cannot be written.
    """
    picture = folder / "before_after.png"
    control = Control(overwrite=overwrite)
    planned = plan_batch(
        bundled("examples") / "demo.otio", look, Output(directory=folder), control=control
    )
    planned.writer.check([picture])
    result = run_batch(planned, on_event, stop)
    rows = []
    rendered = {
        (item.source, item.plan.first): item.plan
        for item in (result.job.items if result.job is not None else ())
        if item.plan is not None and item.error is None
    }
    for use in result.plan.uses:
        plan = rendered.get((use.range.source, use.range.first))
        if plan is None:
            continue
        middle = (use.first + use.last) // 2
        (before,) = read_frames(plan.info, middle, middle)
        after_info = probe_media(plan.destination)
        (after,) = read_frames(after_info, middle - plan.first, middle - plan.first)
        rows.append([before, after])
    if rows:
        with planned.writer.replacing(picture) as part:
            contact_sheet(["source", look.label], rows, cell_width=480).save(part, "PNG")
        on_event(Written(str(picture), "picture"))
    return result
