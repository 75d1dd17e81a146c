"""What `nle-style doctor` sees of the hosts: files only, no host is started."""

from __future__ import annotations

import os
import plistlib
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nle_style.cli.install import blender_host, nuke_host, resolve_host
from nle_style.cli.install.installation import Installation, this_installation
from nle_style.errors import InputError, NleStyleError

__all__ = ["examine_blender", "examine_nuke", "examine_resolve", "resolve_hint"]

_PATIENCE = 180  # seconds for an interpreter on a busy machine or a slow volume
_NO_SCRIPTS = (21, 1)  # from here on the free edition runs no Python


def examine_nuke(folder: Path) -> str:
    """What is installed in a .nuke folder, in a few words.

    Raises: NleStyleError if what is there would not work.
    """
    found = nuke_host.find(folder)
    if found is None:
        return f"not installed in {folder} (nle-style install nuke)"
    if found.installation is None or found.missing:
        lost = " and ".join(found.missing) or nuke_host.RECORD
        raise InputError(
            f"only half installed: {lost} has nothing of nle_style",
            where=str(folder),
            remedy="Run `nle-style install nuke` again.",
        )
    return f"{folder} starts {_working(found.installation, 'nuke')}"


def examine_resolve(platform: str, environment: Mapping[str, str], root: Path = Path("/")) -> str:
    """What is installed in Resolve's folders of scripts, and what is seen of Resolve itself.

    Args:
        platform, environment: as in `resolve_host.scripts_folder`.
        root: of the file system that Resolve is looked for in.

    Raises: NleStyleError if what is there would not work.
    """
    folders = [resolve_host.scripts_folder(platform, environment)]
    sandboxed = resolve_host.app_store_folder(platform, environment)
    parts = _in_each([*folders, sandboxed] if sandboxed else folders, resolve_host.find, "resolve")
    hint = resolve_hint(platform, environment, root) + _python_hint(platform, environment, root)
    return "; ".join([*parts, hint])


def examine_blender(platform: str, environment: Mapping[str, str]) -> str:
    """What is installed in the folders of add-ons of every Blender that was started.

    Args:
        platform, environment: as in `blender_host.addon_folders`.

    Raises: NleStyleError if what is there would not work.
    """
    try:
        folders = blender_host.addon_folders(platform, environment)
    except InputError:
        return "not installed, and no Blender was started here (nle-style install blender)"
    return "; ".join(_in_each(folders, blender_host.find, "blender"))


def _in_each(
    folders: Iterable[Path], find: Callable[[Path], Installation | None], host: str
) -> list[str]:
    """What is installed in each folder of a host, in a few words; what is installed comes first.

    Raises: NleStyleError if what is there would not work.
    """
    parts, working = [], {}
    for folder in folders:
        found = find(folder)
        if found is None:
            parts.append(f"not installed in {folder} (nle-style install {host})")
            continue
        # They mostly start the same one, which takes a second or two.
        if found not in working:
            working[found] = _working(found, host)
        parts.append(f"{folder} starts {working[found]}")
    return sorted(parts, key=lambda part: part.startswith("not installed"))


def resolve_hint(platform: str, environment: Mapping[str, str], root: Path = Path("/")) -> str:
    """What the files of DaVinci Resolve tell of its version and edition.

    On Linux its ReadMe names both in its title (as installers by others read it), on macOS its
    Info.plist the version. Only a running Resolve says for certain.
    """
    if platform == "linux":
        place = root / "opt" / "resolve"
        text = _text(place / "docs" / "ReadMe.html")
        match = re.search(r"DaVinci Resolve(?: (Studio))? (\d+)\.(\d+)[.\d]*", text)
        if match is not None:
            old = (int(match[2]), int(match[3])) < _NO_SCRIPTS
            scripts = "" if match[1] or old else ", which runs no Python scripts: use OTIO"
            return f"{match[0]} in {place}{scripts}"
    elif platform == "darwin":
        place = root / "Applications" / "DaVinci Resolve" / "DaVinci Resolve.app"
        try:
            facts = plistlib.loads((place / "Contents" / "Info.plist").read_bytes())
            number = f" {facts['CFBundleShortVersionString']}"
        except (OSError, KeyError, ValueError, plistlib.InvalidFileException):
            number = ""
        if place.is_dir():
            return f"DaVinci Resolve{number} in {place}, edition not known"
    else:
        programs = Path(environment.get("PROGRAMFILES", "C:/Program Files"))
        place = programs / "Blackmagic Design" / "DaVinci Resolve"
    if place.is_dir():
        return f"DaVinci Resolve in {place}, version and edition not known"
    return f"no DaVinci Resolve in {place}"


def _python_hint(platform: str, environment: Mapping[str, str], root: Path) -> str:
    """What to say where there is no Python that Resolve would find: on macOS that of python.org,
    elsewhere the system's. Source: Resolve's scripting README; Studio has its own from 21.1 on."""
    if platform == "win32":
        found = shutil.which("python", path=environment.get("PATH", "")) is not None
    elif platform == "darwin":
        found = (root / "Library" / "Frameworks" / "Python.framework" / "Versions").exists()
    else:
        found = any((root / "usr" / place / "python3").exists() for place in ("bin", "local/bin"))
    if found:
        return ""
    return (
        "; no Python that its scripts would run in: install one from python.org (Studio has its"
        " own from 21.1 on)"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _working(installation: Installation, host: str) -> str:
    """Check what a host would start, as it would start it.

    Raises: NleStyleError if it would not work.
    """
    again = f"Run `nle-style install {host}` again."
    if not (Path(installation.plugins) / host).is_dir():
        raise InputError(
            "the recorded folder of plugins is gone", where=installation.plugins, remedy=again
        )
    command = [*installation.command, "--version"]
    # Hosts start it without their own Python's settings, so these must not help here either.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONHOME", "PYTHONPATH")
    }
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"the recorded interpreter does not start ({error})",
            where=command[0],
            remedy=again,
        ) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NleStyleError(
            f"the recorded program ends with {done.returncode}: {said[-1] if said else 'silent'}",
            where=" ".join(command),
            remedy=again,
        )
    running, mine = done.stdout.strip(), this_installation()
    if running != installation.version:
        raise NleStyleError(
            f"version {installation.version} was installed, and {running} starts",
            where=" ".join(installation.command),
            remedy=again,
        )
    same = installation.command == mine.command and installation.plugins == mine.plugins
    return f"{running}{'' if same else ' of another installation: ' + installation.command[0]}"
