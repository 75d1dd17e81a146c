"""`nle-style doctor`: what this installation can do, and what is wrong with it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console

from nle_style.errors import NleStyleError

__all__ = ["examine"]

_LIBRARIES = (
    "nle-style",
    "torch",
    "torchvision",
    "numpy",
    "av",
    "OpenImageIO",
    "opencolorio",
    "OpenEXR",
    "opentimelineio",
    "safetensors",
)


def _libraries() -> str:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError as error:
            raise NleStyleError(
                f"{name} is not installed", remedy="Install nle-style again."
            ) from error
    return ", ".join(found)


def _devices() -> str:
    import torch

    from nle_style.apply import choose_device
    from nle_style.apply.engine import openvino_version

    faster = openvino_version()
    names = [f"auto is {choose_device('auto')}", f"{torch.get_num_threads()} CPU threads"]
    names.append(f"OpenVINO {faster}" if faster else "no OpenVINO: pip install 'nle-style[fast]'")
    gpus = range(torch.cuda.device_count())
    names += [f"cuda:{number} is {torch.cuda.get_device_name(number)}" for number in gpus]
    return ", ".join(names)


def _packs() -> str:
    from nle_style.core import load_pack
    from nle_style.shipped import shipped_packs

    packs = [load_pack(path) for path in shipped_packs()]
    if not packs:
        raise NleStyleError("no style pack is shipped", remedy="Install nle-style again.")
    return ", ".join(f"{pack.name} ({len(pack.styles)} styles)" for pack in packs)


def _ffmpeg() -> str:
    from imageio_ffmpeg import get_ffmpeg_exe

    done = subprocess.run(
        [get_ffmpeg_exe(), "-version"], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[0].split(" Copyright")[0]


def _round_trip() -> str:
    import tempfile

    from PIL import Image

    from nle_style.media.source import probe_media, read_frames

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grey.png"
        Image.new("RGB", (16, 16), (128, 128, 128)).save(path)
        (frame,) = read_frames(probe_media(path))
        if abs(float(frame.mean()) - 128 / 255) > 1e-6:
            raise NleStyleError("a grey PNG does not read back as it was written")
    return "an image reads back exactly"


def _nuke() -> str:
    from nle_style.cli.install.hosts import examine_nuke
    from nle_style.cli.install.nuke_host import default_folder

    return examine_nuke(default_folder(os.environ, Path.home()))


def _resolve() -> str:
    from nle_style.cli.install.hosts import examine_resolve

    return examine_resolve(sys.platform, os.environ)


def _blender() -> str:
    from nle_style.cli.install.hosts import examine_blender

    return examine_blender(sys.platform, os.environ)


_CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("libraries", _libraries),
    ("devices", _devices),
    ("style packs", _packs),
    ("ffmpeg", _ffmpeg),
    ("media", _round_trip),
    ("nuke", _nuke),
    ("resolve", _resolve),
    ("blender", _blender),
)


def examine() -> int:
    """Print one line a check; 0 if all is well, 1 if anything is not."""
    console = Console(highlight=False)
    console.print(f"Python {platform.python_version()} on {platform.platform()}")
    failed = 0
    for name, check in _CHECKS:
        try:
            found = check()
            mark = "[dim]none[/] " if found.startswith("not installed") else "[green]ok[/]   "
            console.print(f"{mark} {name}: {found}", soft_wrap=True)
        except Exception as error:  # a broken library may raise anything; all of it is reported
            failed += 1
            console.print(f"[red]wrong[/] {name}: {error}", soft_wrap=True)
    return 1 if failed else 0
