"""`nle-style install resolve`: the script in DaVinci Resolve's Scripts menu. Not run in Resolve.

The script is a few lines that know where this installation is; what it does is in
`plugins/resolve/nle_style_resolve`, so that a newer nle_style in the same place needs no new one.

Beside it goes a script in Lua that says how to do without: the free edition lists no script in
Python from 21.1 on (reported for davinci-resolve-mcp, issue 203), where one in Lua was listed.
"""

from __future__ import annotations

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

__all__ = ["NOTE", "SCRIPT", "app_store_folder", "find", "install", "scripts_folder", "uninstall"]

SCRIPT = "NLE Style.py"
"""Its stem is what the menu shows."""

NOTE = "NLE Style - without Python.lua"

_NOTE = """\
-- Written by `nle-style install resolve`; `--uninstall` there removes it.
print("NLE Style needs Resolve's Python, which the free edition does not have from 21.1 on.")
print("Without it: File > Export > Timeline, as OTIO. Then in a terminal:")
print("    nle-style batch CUT.otio --style blue -o FOLDER")
print("and File > Import > Timeline: the .baked.otio in that folder.")
"""
_NOTE_MARK = _NOTE.partition("\n")[0]
_MARK = "# Written by `nle-style install resolve`; `--uninstall` there removes it."
# Python 3.6 to 3.14 read it; whatever goes wrong is one line in Resolve's console.
_SCRIPT = """\
{mark}
NLE_STYLE_INSTALLATION = {record}


def _load():
    import importlib.util
    import os
    import sys

    name = "nle_style_resolve"
    folder = os.path.join(NLE_STYLE_INSTALLATION["plugins"], "resolve", name)
    start = os.path.join(folder, "__init__.py")
    if not os.path.isfile(start):
        raise IOError("there is no " + start + "; run: nle-style install resolve")
    # Another run in the same interpreter may have loaded an older one.
    for module in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[module]
    spec = importlib.util.spec_from_file_location(
        name, start, submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)
    return importlib.import_module(name + ".menu")


try:
    _load().run(globals())
except Exception as _error:
    print("NLE Style: " + (" ".join(str(_error).split()) or type(_error).__name__))
"""


def scripts_folder(platform: str, environment: Mapping[str, str]) -> Path:
    """The user's folder of scripts that Resolve shows on all its pages.

    Source: Resolve's scripting README, "Running a script". The folders of each system:

    - macOS: ~/Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility
    - Windows: %APPDATA%/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility
    - Linux: ~/.local/share/DaVinciResolve/Fusion/Scripts/Utility

    Args:
        platform: as `sys.platform` has it.
        environment: as `os.environ`: HOME, or APPDATA on Windows.

    Raises:
        InputError: the environment does not say where the user's files are, or Resolve does not
            run on that system.
    """
    places = {
        "darwin": ("HOME", "Library/Application Support/Blackmagic Design/DaVinci Resolve"),
        "win32": ("APPDATA", "Blackmagic Design/DaVinci Resolve/Support"),
        "linux": ("HOME", ".local/share/DaVinciResolve"),
    }
    if platform not in places:
        raise InputError(
            f"DaVinci Resolve's folders on '{platform}' are not known",
            remedy="Name its folder Fusion/Scripts/Utility by --dir.",
        )
    variable, place = places[platform]
    if not environment.get(variable):
        raise InputError(
            f"the environment has no {variable}, so the user's folder is not known",
            remedy="Name Resolve's folder Fusion/Scripts/Utility by --dir.",
        )
    return Path(environment[variable], *place.split("/"), "Fusion", "Scripts", "Utility")


def app_store_folder(platform: str, environment: Mapping[str, str]) -> Path | None:
    """Where the Mac App Store's build looks for scripts, which Apple's sandbox keeps apart; None if
    it was never started here.

    Source: davinci-resolve-mcp, issue 104: on its free 21.0.3 scripts in this folder were listed.
    """
    home = environment.get("HOME")
    if platform != "darwin" or not home:
        return None
    container = Path(home, "Library", "Containers", "com.blackmagic-design.DaVinciResolveLite")
    support = container / "Data" / "Library" / "Application Support"
    return support / "Fusion" / "Scripts" / "Utility" if container.is_dir() else None


def install(folder: Path, installation: Installation) -> list[Path]:
    """Write the script and the note; what is as it should be is not written again.

    Returns:
        the files that were written.

    Raises:
        InputError: a script of this name is there that is not ours.
        OutputError: it is read-only, or the folder refuses.
    """
    text = _SCRIPT.format(mark=_MARK, record=ascii(installation.as_data())).encode("ascii")
    return write_own({folder / SCRIPT: text, folder / NOTE: _NOTE.encode("ascii")})


def uninstall(folder: Path) -> list[Path]:
    """Remove the script and the note.

    Returns:
        what was removed; nothing if it was not there.

    Raises:
        InputError: a script of this name is there that is not ours.
        OutputError: it is read-only, or the folder refuses.
    """
    return remove_own({folder / SCRIPT: _MARK, folder / NOTE: _NOTE_MARK})


def find(folder: Path) -> Installation | None:
    """What the script in a folder of scripts starts; None if there is none.

    Raises: InputError if it is not ours, or damaged.
    """
    path = folder / SCRIPT
    text = own_file(path, _MARK)
    return None if text is None else recorded_in(text, path, "resolve")
