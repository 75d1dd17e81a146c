"""A fake Resolve in every variant, stamped media, and the real worker, run once for each job."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from tests.helpers.stamps import make_clip, make_sequence, stamped
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Variant, World

ROOT = Path(__file__).resolve().parents[3]
PLUGIN = ROOT / "plugins" / "resolve"

HONEST = [
    Variant(inclusive, slip, recent)
    for inclusive, slip, recent in itertools.product((False, True), (0, -1), (True, False))
]
HONEST += [Variant(imported=True)]  # with a speed to tell which clips are reversed
LIARS = [Variant(lies=True), Variant(inclusive=True, slip=-1, recent=False, lies=True)]


@pytest.fixture(scope="session", autouse=True)
def _plugin_path() -> Iterator[None]:
    """`import nle_style_resolve`, as the script that the installer writes makes it possible."""
    sys.path.insert(0, str(PLUGIN))
    yield
    sys.path.remove(str(PLUGIN))


@pytest.fixture(params=[*HONEST, *LIARS], ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Each way in which Resolve is reported to behave."""
    found: Variant = request.param
    return found


@pytest.fixture(scope="session")
def stamped_media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Media]:
    """Media of which every frame says its clip and number: movies of 24 and 25, EXRs, a still."""
    folder = tmp_path_factory.mktemp("media")
    rate = Fraction(24)
    first = make_clip(folder / "first.mov", 1, 60, rate, timecode="10:00:00:00")
    second = make_clip(folder / "second.mov", 2, 40, rate)
    mixed = make_clip(folder / "mixed.mov", 3, 50, Fraction(25))
    make_sequence(folder / "shots", "shot", 4, 24, 1001, rate)
    still = folder / "still.png"
    assert oiio.ImageBuf(np.ascontiguousarray(stamped(5, 0))).write(str(still))
    shots = str(folder / "shots" / "shot.[1001-1024].exr")
    return {
        "first": Media(str(first), 60, rate),
        "second": Media(str(second), 40, rate),
        "mixed": Media(str(mixed), 50, Fraction(25)),
        "sequence": Media(shots, 24, rate, 1001),
        "still": Media(str(still), 1, rate, still=True),
    }


@pytest.fixture
def media(stamped_media: dict[str, Media]) -> dict[str, Media]:
    """The same, with properties of its own for each test."""
    return {
        name: Media(each.path, each.frames, each.rate, each.first, each.still)
        for name, each in stamped_media.items()
    }


@pytest.fixture(scope="session")
def renders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests render to."""
    return tmp_path_factory.mktemp("renders")


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """How the tests start nle-style: the real worker, asked once for each job."""
    cache = tmp_path_factory.mktemp("said")
    return [sys.executable, str(Path(__file__).parent / "doubles" / "cached_worker.py"), str(cache)]


@pytest.fixture
def settings(renders: Path, tiny_pack: Path) -> dict[str, Any]:
    """Strength 0: what is rendered is the source, so that its stamps can be read."""
    from nle_style_resolve.asking.settings import DEFAULTS

    asked = {"style": "red", "strength": 0.0, "handles": 3, "pack": str(tiny_pack)}
    place = {"output": str(renders), "way": "track", "way_value": "1"}
    return {**DEFAULTS, **asked, **place}


MakeWorld = Callable[..., World]


@pytest.fixture
def one_clip(variant: Variant, media: dict[str, Media]) -> World:
    """A timeline with frames 10-29 of the first movie."""
    world = World(variant)
    world.bins["Master"] = list(media.values())
    world.add(Clip("trimmed", 86400, 20, [Take(media["first"], 10, 30)]))
    world.selected = list(world.tracks[0].clips)
    return world
