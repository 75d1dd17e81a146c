"""A whole render with an identity network: `-m cost.identity_render TREE CLIP OUT FORMAT DEPTH
CORES`.

TREE is the folder of the nle_style that renders. Everything is as in a render (shots, samples, the
measurement of change, the checks of what was written), but a painted frame is a copy of its source.
Prints one JSON object: seconds and processor seconds from `started` to `done`, frames, peak in MB.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterable
from typing import Any

import numpy as np


def main() -> None:
    """Render and print."""
    tree, clip, out, format, depth, cores = sys.argv[1:]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    sys.path.insert(0, tree)
    from nle_style.apply import Stylizer
    from nle_style.render import Control, Item, LookJob, Output, RenderJob
    from nle_style.render.item import run_job

    def consumed(self: Stylizer, frames: Iterable[np.ndarray]) -> None:
        for _ in frames:
            pass

    identity: dict[str, Any] = {
        "measure": consumed,
        "freeze": lambda self, statistics: None,
        "frame": lambda self, rgb, number=None: rgb.copy(),
    }
    for name, function in identity.items():
        setattr(Stylizer, name, function)
    job = RenderJob(
        items=(Item(source=clip, look=LookJob(styles={"blue": 1.0})),),
        output=Output(directory=out, format=format, depth=depth),
        control=Control(device="cpu", resume=False),
    )
    marks: dict[str, tuple[float, float]] = {}

    def note(event: Any) -> None:
        if event.kind in ("started", "done"):
            marks[event.kind] = time.perf_counter(), time.process_time()
        if event.kind == "started":
            marks["frames"] = event.frames, 0.0

    if run_job(job, note).exit_code != 0:
        raise SystemExit(f"{clip} was not rendered")
    (begun, used), (ended, used_then) = marks["started"], marks["done"]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {"frames": marks["frames"][0], "seconds": ended - begun}
    result |= {"processor_seconds": used_then - used, "peak_mb": usage.ru_maxrss / 1024}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
