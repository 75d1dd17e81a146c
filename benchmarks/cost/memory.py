"""Peak memory of whole renders beside the budgets that they were given.

    python benchmarks/cost/memory.py [--size 1920x1080]

At strength 0 no network runs: what is left is the process and the frames on their way. Stroke
scales below 1 have a frame painted at its own size. The constants of
`nle_style/apply/engine/memory.py` are right where no peak is above its budget. Two frames of 8K are
a few gigabytes of traffic: a minute or two in all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from workload import make_clip, run

CASES = (  # size, frames, strength, stroke scale, budget
    ("1920x1080", 16, 0.0, 1.0, "2GiB"),
    ("1920x1080", 16, 1.0, 1.0, "2GiB"),
    ("1920x1080", 16, 1.0, 0.67, "2GiB"),
    ("3840x2160", 6, 0.0, 1.0, "2GiB"),
    ("3840x2160", 6, 1.0, 1.0, "2GiB"),
    ("3840x2160", 3, 1.0, 0.33, "2GiB"),
    ("7680x4320", 2, 0.0, 1.0, "3GiB"),
    ("7680x4320", 2, 1.0, 1.0, "3GiB"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", help="only the cases of this size")
    args = parser.parse_args()
    print("| size | strength | stroke scale | `--memory` | peak |\n|---|---|---|---|---|")
    for size, frames, strength, scale, memory in CASES:
        if args.size not in (None, size):
            continue
        with tempfile.TemporaryDirectory() as name:
            clip = Path(name) / "clip.mp4"
            make_clip(clip, size, frames)
            command = [sys.executable, "-m", "nle_style", "render", str(clip), "-o", f"{name}/out"]
            command += ["--style", "blue", "--strength", str(strength)]
            command += ["--stroke-scale", str(scale), "--memory", memory, "--events"]
            _, _, peak = run(command)
        print(
            f"| {size} | {strength:g} | {scale:g} | {memory} | {peak / 1024:.2f} GiB |", flush=True
        )


if __name__ == "__main__":
    main()
