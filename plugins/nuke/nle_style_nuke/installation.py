"""The nle_style that this Nuke works with: its interpreter, its version, its styles.

`nle-style install nuke` notes them in `nle_style_installation.json`. In Nuke's GUI `sys.executable`
is Nuke itself and is never used to run Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import nuke

from .problems import Problem
from .worker_client import client

__all__ = ["Installation", "Pack", "find_installation", "read_pack"]

FILE_NAME = "nle_style_installation.json"
REMEDY = "Run `nle-style install nuke` in a terminal and start Nuke again."

_TIMEOUT = 600.0  # seconds: the first start after an installation reads much from a cold disk

_packs: dict[tuple[tuple[str, ...], str], Pack] = {}


@dataclass(frozen=True)
class Installation:
    """How the worker is started.

    Attributes:
        command: argv without the subcommand: ("/opt/python", "-m", "nle_style").
        version: of nle_style.
    """

    command: tuple[str, ...]
    version: str


@dataclass(frozen=True)
class Pack:
    """A style pack as `nle-style styles --json` tells it.

    Attributes:
        name: of the pack.
        sha256: of its weights.
        styles: in the pack's order, at least one.
    """

    name: str
    sha256: str
    styles: tuple[str, ...]


def find_installation() -> Installation:
    """What the installation file says.

    It is the file that the variable NLE_STYLE_INSTALLATION names, else the first that lies in a
    folder of Nuke's plugin path, else the one in `.nuke` under HOME or the user's folder.

    Raises:
        Problem: no such file, not readable, or its interpreter is gone.
    """
    places = _places()
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise Problem(
            f"nle_style is not installed for this Nuke ({places[-1]} is missing). {REMEDY}"
        )
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        command = tuple(str(part) for part in data["command"])
        version = str(data["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Problem(f"{path} cannot be read ({error}). {REMEDY}") from error
    if not command or shutil.which(command[0]) is None:
        program = command[0] if command else "no program"
        raise Problem(f"the interpreter of nle_style is gone: {program} (from {path}). {REMEDY}")
    return Installation(command, version)


def _places() -> list[Path]:
    named = os.environ.get("NLE_STYLE_INSTALLATION")
    if named:
        return [Path(named)]
    folders = [Path(folder) for folder in nuke.pluginPath()]
    home = Path(os.environ.get("HOME") or Path.home())  # Nuke's way, on Windows too
    return [folder / FILE_NAME for folder in [*folders, home / ".nuke"]]


def read_pack(installation: Installation, pack: str = "") -> Pack:
    """A pack's styles, asked of the worker once per session.

    Args:
        installation: whose packs.
        pack: a .safetensors file or a shipped pack's name; "" for the default.

    Raises:
        Problem: the worker cannot be started, or refuses the pack.
    """
    key = (installation.command, pack)
    if key not in _packs:
        _packs[key] = _asked(installation, pack)
    return _packs[key]


def _asked(installation: Installation, pack: str) -> Pack:
    try:
        first = client.list_packs(installation.command, pack, _TIMEOUT)[0]
        return Pack(str(first["pack"]), str(first["sha256"]), tuple(first["styles"]))
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Problem(f"nle_style cannot be started: {error}. {REMEDY}") from error
    except client.WorkerError as error:
        raise Problem(str(error)) from error
    except (ValueError, LookupError, TypeError) as error:
        raise Problem(f"nle_style listed its styles in a way unknown here. {REMEDY}") from error
