"""What both hosts' installations share: the record of this installation, and careful writing."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nle_style.durable import replacing
from nle_style.errors import InputError, OutputError
from nle_style.shipped import bundled

__all__ = [
    "Installation",
    "check_writable",
    "read_whole",
    "remove",
    "this_installation",
    "write_whole",
]


@dataclass(frozen=True)
class Installation:
    """How a host finds nle_style.

    Attributes:
        command: what starts it, as an argv list.
        version: of nle_style, when it was installed into the host.
        plugins: the folder of the plugins' files.
    """

    command: tuple[str, ...]
    version: str
    plugins: str

    def as_data(self) -> dict[str, Any]:
        """Plain data, as in `nle_style_installation.json`."""
        return {"command": list(self.command), "version": self.version, "plugins": self.plugins}

    @staticmethod
    def of_data(data: object) -> Installation | None:
        """The installation that plain data describes; None if it describes none."""
        if not isinstance(data, dict):
            return None
        command, number, plugins = (data.get(key) for key in ("command", "version", "plugins"))
        if not (isinstance(command, Sequence) and not isinstance(command, str) and command):
            return None
        if not (isinstance(number, str) and isinstance(plugins, str)):
            return None
        return Installation(tuple(map(str, command)), number, plugins)


def this_installation() -> Installation:
    """The one that is running.

    The interpreter's path is not resolved: a virtual environment's is a link, and is the
    environment only under its own name.

    Raises: InputError if the plugins' files are missing.
    """
    command = (str(Path(sys.executable).absolute()), "-m", "nle_style")
    return Installation(command, version("nle-style"), str(bundled("plugins")))


def read_whole(path: Path) -> bytes | None:
    """A file's bytes; None if there is no such file.

    Raises: InputError if it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from error


def check_writable(path: Path) -> None:
    """Refuse a file that its owner made read-only: a rename in its folder would replace it.

    Raises: OutputError if it is.
    """
    if path.exists() and not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise OutputError(
            "is read-only",
            where=str(path),
            remedy="Make it writable, or give another folder by --dir. Nothing was changed.",
        )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; a link stays a link, and the file's rights stay its own.

    Raises: OutputError if the folder or the disk refuses.
    """
    target = path.resolve()
    with replacing(target) as part:
        part.write_bytes(data)
        if target.exists():
            shutil.copymode(target, part)


def remove(path: Path) -> None:
    """Remove a file.

    Raises: OutputError if the folder refuses.
    """
    try:
        os.unlink(path)
    except OSError as error:
        raise OutputError(f"cannot be removed ({error.strerror})", where=str(path)) from error
