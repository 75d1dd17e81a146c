"""`nle-style resolve`: the Resolve script from a terminal. Importing this loads nothing slow."""

from __future__ import annotations

import signal
import subprocess
import sys

import typer

__all__ = ["PASS_ON", "resolve"]

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""The plugin parses its own arguments, `--help` too."""


def resolve(context: typer.Context) -> None:
    """Style clips of the timeline that is open in DaVinci Resolve Studio."""
    from nle_style.render.bundle import bundled

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
