"""`nle-style resolve`: the Resolve script from a terminal. Importing this loads nothing slow."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["PASS_ON", "resolve"]

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""The plugin parses its own arguments, `--help` too."""


def resolve(
    context: typer.Context,
    check: Annotated[
        Path | None, typer.Option(help="Only check this .otio by the rules of Resolve's import.")
    ] = None,
) -> None:
    """Style clips of the timeline that is open in DaVinci Resolve Studio."""
    if check is not None:
        raise typer.Exit(_checked(check))
    from nle_style.shipped import bundled

    # A process of its own: Resolve's library is loaded into it, and is reported to crash some.
    plugin = bundled("plugins") / "resolve"
    process = subprocess.Popen([sys.executable, str(plugin), *context.args])
    # Ctrl+C reaches both; the plugin then puts the project's state back, and is waited for.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
    raise typer.Exit(code)


def _checked(path: Path) -> int:
    """Print what of a timeline Resolve would not take; 0 if nothing, else 2."""
    from nle_style.timeline.relink import resolve_faults

    faults = resolve_faults(path)
    for fault in faults:
        print(f"{path}: {fault}")
    if not faults:
        print(f"{path}: keeps the rules of Resolve's import that are known (docs/hosts/resolve.md)")
    return 2 if faults else 0
