"""One start of the stand-in, its sources, and a worker without torch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813

from tests.plugins.nuke.doubles.fake_nodes import Node
from tests.plugins.nuke.doubles.fake_nuke import Studio
from tests.plugins.nuke.doubles.fake_pictures import Picture

__all__ = [
    *("HEIGHT", "PLUGIN", "PYTHON", "WIDTH", "WORKER", "Session", "Start"),
    *("make_node", "picture", "read_exr"),
]

PLUGIN = Path(__file__).resolve().parents[4] / "plugins" / "nuke"
PYTHON = sys.executable
WIDTH, HEIGHT = 24, 16

# A worker without torch: it lists one pack, copies its sources, and fails as it is told.
WORKER = """
import json, os, shutil, sys, time
if sys.argv[1] == "styles":
    print(json.dumps([{"pack": "tiny", "sha256": "0" * 64, "styles": ["red", "green", "blue"]}]))
    sys.exit(0)
job = json.load(open(sys.argv[2]))
say = lambda **event: print(json.dumps(event), flush=True)
mode = MODE
open(os.path.join(os.path.dirname(sys.argv[2]), "pid"), "w").write(str(os.getpid()))
say(event="started", items=len(job["items"]), frames=1)
if mode == "crash":
    sys.exit("Segmentation fault")
if mode == "full":
    say(event="error", message="the disk is full: 10 MB are needed", exit_code=1)
    sys.exit(1)
while mode == "slow":
    if os.path.exists(job["control"]["cancel_file"]):
        say(event="cancelled", message="cancelled")
        sys.exit(130)
    time.sleep(0.02)
for number, item in enumerate(job["items"]):
    folder = os.path.join(job["output"]["directory"], item["name"])
    say(event="progress", item=number, name=item["name"], done=1, frames=1)
    if os.path.exists(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    source = os.path.dirname(item["source"])
    for name in sorted(os.listdir(source)):
        if name.endswith(".exr"):
            target = item["name"] + name[-11:]
            shutil.copyfile(os.path.join(source, name), os.path.join(folder, target))
    say(event="item", item=number, source=item["source"], status="delivered", path=folder,
        frames=1, message="", report="")
say(event="done", delivered=len(job["items"]), present=0, refused=0, exit_code=0)
"""


@dataclass
class Session:
    """One start of Nuke.

    Attributes:
        studio: the stand-in.
        plugin: the package `nle_style_nuke`.
        folder: where the script lies.
    """

    studio: Studio
    plugin: ModuleType
    folder: Path

    @property
    def output(self) -> Path:
        """The default output folder of the script `comp_v001.nk`."""
        return self.folder / "nle_style" / "comp"


Start = Callable[..., Session]


def picture(
    frame: int,
    view: str = "main",
    *,
    layers: bool = False,
    alpha: bool = True,
    overscan: int = 0,
    half: bool = False,
    changed: tuple[int, ...] = (),
) -> Picture:
    """A frame of noise of its own: values to 40, negatives, alpha, and a box beyond the format.

    Args:
        layers: also `depth.Z` and `mask.a`.
        overscan: pixels of the box beyond the format on every side.
        half: only values that 16 bit half has.
        changed: frames that look different from what they are without it.
    """
    seed = [frame, len(view), ord(view[0]), int(frame in changed)]
    noise = np.random.default_rng(seed)
    shape = (HEIGHT + 2 * overscan, WIDTH + 2 * overscan)
    names = ["rgba.red", "rgba.green", "rgba.blue"]
    channels = {name: noise.uniform(-0.5, 1.0, shape) for name in names}
    channels["rgba.red"][HEIGHT // 2] = 40.0
    if alpha:
        channels["rgba.alpha"] = noise.uniform(0.0, 1.0, shape)
    if layers:
        channels["depth.Z"] = noise.uniform(0.0, 6e4, shape)
        channels["mask.a"] = (noise.uniform(0.0, 1.0, shape) > 0.5) * 1.0
    kind = np.float16 if half else np.float32
    planes = {name: plane.astype(kind).astype(np.float32) for name, plane in channels.items()}
    box = (-overscan, -overscan, WIDTH + overscan, HEIGHT + overscan)
    return Picture(planes, box, (WIDTH, HEIGHT))


def make_node(
    session: Session, feed: Any = picture, frames: tuple[int, int] = (1001, 1003)
) -> Node:
    """A source with a style node under it."""
    session.studio.source("Plate", feed, frames)
    node = session.plugin.create()
    assert session.studio.messages == []
    assert isinstance(node, Node)
    return node


def read_exr(path: Path) -> dict[str, np.ndarray]:
    """Every channel of an EXR by its name, in its own bits; its data window is its format."""
    reader = oiio.ImageInput.open(str(path))
    assert reader is not None, oiio.geterror()
    spec = reader.spec()
    assert (spec.x, spec.y, spec.width, spec.height) == (
        *(spec.full_x, spec.full_y, spec.full_width, spec.full_height),
    )
    planes = {}
    for index, name in enumerate(spec.channelnames):
        kind = spec.channelformat(index)
        planes[name] = reader.read_image(0, 0, index, index + 1, kind)[:, :, 0]
    reader.close()
    return planes
