"""`nle-style install nuke|resolve|blender`: parse, one call, tell what was done."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["install"]

install = typer.Typer(
    no_args_is_help=True, help="Put the plugin into Nuke, DaVinci Resolve or Blender."
)

_Uninstall = Annotated[bool, typer.Option("--uninstall", help="Take it out again.")]


@install.command()
def nuke(
    folder: Annotated[Path | None, typer.Option("--dir", help="Else ~/.nuke.")] = None,
    uninstall: _Uninstall = False,
) -> None:
    """The NLEStyle node for Nuke 14 and newer: lines in init.py and menu.py."""
    from nle_style.cli.install import nuke_host
    from nle_style.cli.install.installation import this_installation

    place = folder or nuke_host.default_folder(os.environ, Path.home())
    if uninstall:
        _tell("taken out", nuke_host.uninstall(place), f"nothing of nle_style in {place}")
        return
    _tell("written", nuke_host.install(place, this_installation()), f"up to date in {place}")
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
    for place in places:
        if uninstall:
            _tell("removed", resolve_host.uninstall(place), f"no script of nle_style in {place}")
        else:
            written = resolve_host.install(place, this_installation())
            _tell("written", written, f"up to date in {place}")
    if not uninstall:
        print(
            "In Resolve: Workspace > Scripts > NLE Style. The free edition does not list it from"
            " 21.1 on: use `nle-style batch` on an OTIO export there. Not tested inside Resolve"
            " yet."
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
    for place in places:
        if uninstall:
            _tell("removed", blender_host.uninstall(place), f"no add-on of nle_style in {place}")
        else:
            written = blender_host.install(place, this_installation())
            _tell("written", written, f"up to date in {place}")
    if not uninstall:
        print(
            "In Blender: Edit > Preferences > Add-ons, switch on NLE Style; then Video Sequencer >"
            " Sidebar (N) > NLE Style. Tested in 3.4 and 5.0."
        )


def _tell(done: str, paths: list[Path], nothing: str) -> None:
    for path in paths:
        print(f"{done}: {path}")
    if not paths:
        print(nothing)
