"""What all hosts' installations share: the record of this installation, and careful writing."""

from __future__ import annotations

import ast
import os
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence
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
    "own_file",
    "read_whole",
    "recorded_in",
    "remove",
    "remove_own",
    "this_installation",
    "write_own",
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


def own_file(path: Path, mark: str) -> bytes | None:
    """A file that an installation wrote whole; None if there is none.

    Args:
        mark: its first line, which no other program writes.

    Raises: InputError if it is another program's, or cannot be read.
    """
    text = read_whole(path)
    if text is not None and not text.startswith(mark.encode("ascii")):
        raise InputError(
            "is a script of that name that nle_style did not write",
            where=str(path),
            remedy="Rename it, or give another folder by --dir.",
        )
    return text


def write_own(files: Mapping[Path, bytes]) -> list[Path]:
    """Write files whose first lines are the marks of `own_file`; what is so already is left alone.

    All are checked before the first is written.

    Returns:
        the files that were written.

    Raises:
        InputError: another program's file has one of their names.
        OutputError: one is read-only, or the folder refuses.
    """
    marks = {path: data.partition(b"\n")[0].decode("ascii") for path, data in files.items()}
    stale = [path for path, data in files.items() if own_file(path, marks[path]) != data]
    for path in stale:
        check_writable(path)
    for path in stale:
        write_whole(path, files[path])
    return stale


def remove_own(marks: Mapping[Path, str]) -> list[Path]:
    """Remove files of ours, by their marks. All are checked before the first is removed.

    Returns:
        what was removed: those that were there.

    Raises:
        InputError: another program's file has one of their names.
        OutputError: one is read-only, or the folder refuses.
    """
    found = [path for path, mark in marks.items() if own_file(path, mark) is not None]
    for path in found:
        check_writable(path)
    for path in found:
        remove(path)
    return found


def recorded_in(text: bytes, path: Path, host: str) -> Installation:
    """What the line `NLE_STYLE_INSTALLATION = ...` of a script of ours says.

    Args:
        text, path: of the script.
        host: as `nle-style install` calls it.

    Raises: InputError if it has no such line, or a damaged one.
    """
    for line in text.decode("utf-8", "replace").splitlines():
        if line.startswith("NLE_STYLE_INSTALLATION = "):
            try:
                data = ast.literal_eval(line.partition(" = ")[2])
            except (SyntaxError, ValueError):
                break
            installation = Installation.of_data(data)
            if installation is not None:
                return installation
    raise InputError(
        "does not say which installation it starts",
        where=str(path),
        remedy=f"Run `nle-style install {host}` again.",
    )


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
