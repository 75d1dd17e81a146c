"""Blenders at hand, media that say their numbers, and a run of a script in one of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.cli.install import blender_host
from nle_style.cli.install.installation import this_installation
from tests.helpers.stamps import Frame, make_clip, stamped

HERE = Path(__file__).parent
PLUGINS = HERE.parents[2] / "plugins"
PATIENCE = 600  # seconds, on a busy machine
BPY = "NLE_STYLE_BPY"

WINDOW = "window"  # a Blender that is seen, though by nobody
Run = Callable[[str, Path, dict[str, Any]], dict[str, Any]]


def _start_of(host: str) -> list[str]:
    """How a Blender runs a script with arguments behind `--`; or a skip."""
    if host in ("blender", WINDOW):
        found = shutil.which("blender")
        if found is None:
            pytest.skip("blender is not installed (apt-get install blender)")
        if host == WINDOW:
            if shutil.which("xvfb-run") is None:
                pytest.skip("xvfb-run is not installed (apt-get install xvfb)")
            shown = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", found]
            return [*shown, "--factory-startup", "--enable-event-simulate", "--python"]
        return [found, "-b", "--factory-startup", "--python-exit-code", "1", "--python"]
    python = os.environ.get(BPY)
    if not python:
        pytest.skip(f"{BPY} names no Python that has bpy (pip install bpy, Python 3.11)")
    return [python]


@pytest.fixture(scope="session", params=["blender", "bpy"])
def run_in_blender(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a script of `in_blender` in Blender, with the add-on installed; what it found."""
    return _runner(request.param, tmp_path_factory.mktemp("user"))


@pytest.fixture(scope="session")
def run_in_window(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same in a Blender with windows, whose events the script makes."""
    return _runner(WINDOW, tmp_path_factory.mktemp("user"))


def _runner(host: str, user: Path) -> Run:
    start = _start_of(host)
    place, prefix = "addons", ""
    if host == "bpy":
        place, prefix = "user_default", "bl_ext.user_default."
    blender_host.install(user / place, this_installation())
    environment = {
        **os.environ,
        "BLENDER_USER_SCRIPTS": str(user),
        "BLENDER_USER_EXTENSIONS": str(user),
        "BLENDER_USER_CONFIG": str(user / "config"),
        "BLENDER_USER_DATAFILES": str(user / "data"),
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }

    def run(script: str, folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
        (folder / "asked.json").write_text(json.dumps(asked))
        module = prefix + blender_host.ADDON
        done = subprocess.run(
            [*start, str(HERE / "in_blender" / script), "--", str(folder), module],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=environment,
        )
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        found: dict[str, Any] = json.loads((folder / "found.json").read_text())
        return found

    return run


@pytest.fixture(scope="session")
def stamped_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Movies of 24, 24000/1001 and 30 frames a second, files 1001 to 1012, and a still: RGB; and
    two seconds of silence."""
    folder = tmp_path_factory.mktemp("blender") / "media"
    (folder / "seq").mkdir(parents=True)
    make_clip(folder / "a.mov", 1, 40, Fraction(24))
    make_clip(folder / "ntsc.mov", 2, 40, Fraction(24000, 1001))
    make_clip(folder / "thirty.mov", 3, 40, Fraction(30))
    for number in range(12):
        write_image(folder / "seq" / f"p.{1001 + number}.png", stamped(4, number))
    write_image(folder / "still.png", stamped(5, 0))
    with wave.open(str(folder / "silence.wav"), "wb") as sound:
        sound.setparams((1, 2, 48000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 96000))
    return folder


def write_image(path: Path, frame: Frame, kind: str = "uint8") -> None:
    picture = oiio.ImageBuf(np.ascontiguousarray(frame))
    assert picture.write(str(path), kind), picture.geterror()


def read_image(path: Path) -> Frame:
    """An 8-bit RGB picture as Blender rendered it."""
    pixels = oiio.ImageBuf(str(path)).get_pixels(oiio.UINT8)
    return np.asarray(pixels)[:, :, :3]
