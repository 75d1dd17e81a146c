"""`nle-style install blender`: the add-on in Blender's folders. Run in Blender 3.4 and bpy 5.0.

What is written are copies of `plugins/blender/addon`: a few lines that know where this installation
is. What they start is in `plugins/blender/nle_style_blender`, so that a newer nle_style in the same
place needs no new ones.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from nle_style.cli.install.installation import (
    Installation,
    own_file,
    recorded_in,
    remove_own,
    write_own,
)
from nle_style.errors import InputError

__all__ = ["ADDON", "addon_folders", "find", "install", "uninstall"]

ADDON = "nle_style_sequencer"
"""The add-on's folder, and its module's name in Blender."""

_MARK = "# Written by `nle-style install blender`; `--uninstall` there removes it."
_FILES = ("__init__.py", "blender_manifest.toml")
_EXTENSIONS_FROM = (4, 2)


def addon_folders(platform: str, environment: Mapping[str, str]) -> list[Path]:
    """Where each Blender that a user has started looks for add-ons; one folder a version.

    Source: Blender's manual, "Blender's Directory Layout" and "Extensions". Below 4.2 it is
    VERSION/scripts/addons, from then on VERSION/extensions/user_default, in

    - Linux: ~/.config/blender, or blender in XDG_CONFIG_HOME
    - macOS: ~/Library/Application Support/Blender
    - Windows: %APPDATA%/Blender Foundation/Blender

    Args:
        platform: as `sys.platform` has it.
        environment: as `os.environ`: HOME, or APPDATA on Windows.

    Raises: InputError if no Blender has a folder there.
    """
    if platform == "win32":
        place = Path(environment.get("APPDATA", ""), "Blender Foundation", "Blender")
    elif platform == "darwin":
        place = Path(environment.get("HOME", ""), "Library", "Application Support", "Blender")
    else:
        config = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", ""), ".config")
        place = Path(config, "blender")
    found = []
    for folder in place.iterdir() if place.is_dir() else ():
        number = re.fullmatch(r"(\d+)\.(\d+)", folder.name)
        if number is not None and folder.is_dir():
            found.append(((int(number[1]), int(number[2])), folder))
    if not found:
        raise InputError(
            "no version of Blender has a folder here",
            where=str(place),
            remedy="Start Blender once, or name its folder of add-ons by --dir.",
        )
    return [
        folder / ("extensions/user_default" if number >= _EXTENSIONS_FROM else "scripts/addons")
        for number, folder in sorted(found)
    ]


def install(folder: Path, installation: Installation) -> list[Path]:
    """Write the add-on into a folder of add-ons; a file that is as it should be is left alone.

    Returns:
        the files that were written.

    Raises:
        InputError: a file of its name is there that is not ours.
        OutputError: it is read-only, or the folder refuses.
    """
    record = f"NLE_STYLE_INSTALLATION = {installation.as_data()!a}"
    source = Path(installation.plugins) / "blender" / "addon"
    wanted = {}
    for name in _FILES:
        text = (source / name).read_text(encoding="ascii")
        text = text.replace("NLE_STYLE_INSTALLATION = None", record)
        wanted[folder / ADDON / name] = f"{_MARK}\n{text}".encode("ascii")
    return write_own(wanted)


def uninstall(folder: Path) -> list[Path]:
    """Remove the add-on from a folder of add-ons.

    Returns:
        what was removed; nothing if it was not there.

    Raises:
        InputError: a file of its name is there that is not ours.
        OutputError: it is read-only, or the folder refuses.
    """
    place = folder / ADDON
    found = remove_own({place / name: _MARK for name in _FILES})
    if found:
        # What Python made of the file. Anything else in the folder is not ours, and keeps it.
        shutil.rmtree(place / "__pycache__", ignore_errors=True)
        if not any(place.iterdir()):
            place.rmdir()
    return found


def find(folder: Path) -> Installation | None:
    """What the add-on in a folder of add-ons starts; None if there is none.

    Raises: InputError if it is not ours, or damaged.
    """
    path = folder / ADDON / _FILES[0]
    text = own_file(path, _MARK)
    return None if text is None else recorded_in(text, path, "blender")
