"""`nle-style install nuke`: the lines in a .nuke folder that load the plugin. Not run in Nuke.

`init.py` gets lines that put `plugins/nuke` on Nuke's plugin path, so that Nuke runs that folder's
own init.py and menu.py; `menu.py` gets lines that say it when they did not. Which interpreter to
start is in `nle_style_installation.json` beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nle_style.cli.install.installation import (
    Installation,
    check_writable,
    read_whole,
    remove,
    write_whole,
)
from nle_style.cli.install.marked_block import BEGIN, with_block, without_block
from nle_style.errors import InputError

__all__ = ["RECORD", "Found", "default_folder", "find", "install", "uninstall"]

RECORD = "nle_style_installation.json"
_FILES = ("init.py", "menu.py")

# Python 3.9 and older read these lines: a Nuke that cannot use the plugin must still start.
_INIT = """\
# Written by `nle-style install nuke`; `nle-style install nuke --uninstall` takes it out.
def _nle_style_init():
    import os
    folder = {folder}
    try:
        import nuke
        if not os.path.isdir(folder):
            raise IOError("there is no folder " + folder + "; run: nle-style install nuke")
        os.environ["NLE_STYLE_INSTALLATION"] = {record}
        nuke.pluginAddPath(folder)
    except Exception as error:
        print("nle_style is not loaded: " + " ".join(str(error).split()))


_nle_style_init()
del _nle_style_init
"""
_MENU = """\
# Written by `nle-style install nuke`; `nle-style install nuke --uninstall` takes it out.
def _nle_style_menu():
    import os
    folder = {folder}
    try:
        import nuke
        known = [os.path.normcase(os.path.normpath(path)) for path in nuke.pluginPath()]
        if os.path.isdir(folder) and os.path.normcase(os.path.normpath(folder)) not in known:
            raise RuntimeError("its lines in init.py have not run; run: nle-style install nuke")
    except Exception as error:
        print("nle_style has no menu: " + " ".join(str(error).split()))


_nle_style_menu()
del _nle_style_menu
"""


@dataclass(frozen=True)
class Found:
    """What is in a .nuke folder.

    Attributes:
        installation: what the record says; None if it cannot be read.
        missing: the files, of init.py and menu.py, that have no lines of ours.
    """

    installation: Installation | None
    missing: tuple[str, ...]


def default_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Where Nuke looks for a user's init.py: `.nuke` under HOME where that is set, on Windows too;
    else under the user's own folder.

    Args:
        environment: the user's.
        home: the user's folder without it: %USERPROFILE%.
    """
    given = environment.get("HOME")
    return (Path(given) if given else home) / ".nuke"


def install(folder: Path, installation: Installation) -> list[Path]:
    """Write the record and both blocks; what is as it should be is not written again.

    Every file is read and checked before the first is changed.

    Returns:
        the files that were written.

    Raises:
        InputError: a file there cannot be read, or our lines in it are damaged.
        OutputError: a file is read-only, or the folder refuses.
    """
    plugin = str(Path(installation.plugins) / "nuke")
    record = folder / RECORD
    blocks = {
        "init.py": _INIT.format(folder=ascii(plugin), record=ascii(str(record.absolute()))),
        "menu.py": _MENU.format(folder=ascii(plugin)),
    }
    # Uninstalling removes only files that were not there before.
    created = set(_created(record))
    changes: dict[Path, bytes | None] = {}
    for name in _FILES:
        path = folder / name
        before = read_whole(path)
        if before is None:
            created.add(name)
        check_writable(path)
        after = with_block(before or b"", blocks[name], str(path))
        if after != before:
            changes[path] = after
    check_writable(record)
    described = {**installation.as_data(), "created": sorted(created)}
    text = (json.dumps(described, indent=2) + "\n").encode("ascii")
    if read_whole(record) != text:
        changes = {record: text, **changes}
    return _apply(changes)


def uninstall(folder: Path) -> list[Path]:
    """Take both blocks out, and remove the record and the files that `install` made.

    Returns:
        the files that were changed or removed; none if there was nothing of nle_style.

    Raises:
        InputError: a file there cannot be read, or our lines in it are damaged.
        OutputError: a file is read-only, or the folder refuses.
    """
    record = folder / RECORD
    created = _created(record)
    changes: dict[Path, bytes | None] = {}
    for name in _FILES:
        path = folder / name
        before = read_whole(path)
        if before is None:
            continue
        after = without_block(before, str(path))
        if after == before:
            continue
        check_writable(path)
        changes[path] = None if not after and name in created else after
    if record.is_file():
        changes[record] = None
    return _apply(changes)


def _apply(changes: Mapping[Path, bytes | None]) -> list[Path]:
    """Write the files, and remove those that have no bytes; returns all of them."""
    for path, data in changes.items():
        if data is None:
            remove(path)
        else:
            write_whole(path, data)
    return list(changes)


def find(folder: Path) -> Found | None:
    """What of nle_style is in a .nuke folder; None if nothing is.

    Raises: InputError if a file there cannot be read.
    """
    texts = {name: read_whole(folder / name) or b"" for name in _FILES}
    missing = tuple(name for name, text in texts.items() if BEGIN not in text)
    if not (folder / RECORD).is_file() and len(missing) == len(_FILES):
        return None
    return Found(Installation.of_data(_record(folder / RECORD)), missing)


def _created(record: Path) -> list[str]:
    """The files that were not there before `install` made them."""
    names = _record(record).get("created", [])
    return [name for name in names if name in _FILES] if isinstance(names, list) else []


def _record(path: Path) -> dict[str, object]:
    """The record as plain data; {} if there is none.

    Raises: InputError if a file of its name is not ours.
    """
    data = read_whole(path)
    if data is None:
        return {}
    try:
        record = json.loads(data)
    except ValueError:
        record = None
    if Installation.of_data(record) is None:
        raise InputError(
            "is not a record of nle_style",
            where=str(path),
            remedy="Remove it, and run `nle-style install nuke` again.",
        )
    assert isinstance(record, dict)  # noqa: S101  (for the type checker)
    return record
