"""`nle-style install nuke|resolve|blender`: parse, one call, tell what was done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.option_groups import App

__all__ = ["install"]

install = App(no_args_is_help=True, help="Put the plugin into Nuke, DaVinci Resolve or Blender.")

_Uninstall = Annotated[bool, typer.Option("--uninstall", help="Take it out again.")]


@install.command()
def nuke(
    folder: Annotated[Path | None, typer.Option("--dir", help="Else ~/.nuke.")] = None,
    uninstall: _Uninstall = False,
) -> None:
    """The NLEStyle node for Nuke 14 and newer: lines in init.py and menu.py."""
    from nle_style.cli.install import nuke_host
    from nle_style.cli.install.installation import this_installation

    places = [folder or nuke_host.default_folder(os.environ, Path.home())]
    if uninstall:
        _in_each(places, nuke_host.uninstall, "taken out", "nothing of nle_style")
        return
    _in_each(places, lambda place: nuke_host.install(place, this_installation()))
    print("Start Nuke again: the node is in Tab and in the Nodes menu. Not tested inside Nuke yet.")


@install.command()
def resolve(
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Else the user's Fusion/Scripts/Utility.")
    ] = None,
    uninstall: _Uninstall = False,
) -> None:
    """The script for DaVinci Resolve: Workspace > Scripts > NLE Style."""
    from nle_style.cli.install import resolve_host
    from nle_style.cli.install.installation import this_installation

    places = [folder] if folder else [resolve_host.scripts_folder(sys.platform, os.environ)]
    sandboxed = None if folder else resolve_host.app_store_folder(sys.platform, os.environ)
    places += [sandboxed] if sandboxed else []
    if uninstall:
        _in_each(places, resolve_host.uninstall, "removed", "no script of nle_style")
        return
    _in_each(places, lambda place: resolve_host.install(place, this_installation()))
    print(
        "In Resolve: Workspace > Scripts > NLE Style. The free edition does not list it from 21.1"
        " on: use `nle-style batch` on an OTIO export there. Not tested inside Resolve yet."
    )


@install.command()
def blender(
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Else that of each Blender that was started.")
    ] = None,
    uninstall: _Uninstall = False,
) -> None:
    """The add-on for Blender's video sequencer, 3.4 and newer."""
    from nle_style.cli.install import blender_host
    from nle_style.cli.install.installation import this_installation

    places = [folder] if folder else blender_host.addon_folders(sys.platform, os.environ)
    if uninstall:
        _in_each(places, blender_host.uninstall, "removed", "no add-on of nle_style")
        return
    _in_each(places, lambda place: blender_host.install(place, this_installation()))
    print(
        "In Blender: Edit > Preferences > Add-ons, switch on NLE Style; then Video Sequencer >"
        " Sidebar (N) > NLE Style. Tested in 3.4 and 5.0."
    )


def _in_each(
    places: list[Path],
    act: Callable[[Path], list[Path]],
    done: str = "written",
    nothing: str = "up to date",
) -> None:
    """Say what was done to which files of each folder, or that there was nothing to do."""
    for place in places:
        paths = act(place)
        for path in paths:
            print(f"{done}: {path}")
        if not paths:
            print(f"{nothing} in {place}")
