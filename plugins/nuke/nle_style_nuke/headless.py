"""The command line of a render without a GUI: see `render_node.py` beside this package."""

from __future__ import annotations

import argparse
import ntpath
import re
import sys
from collections.abc import Sequence

import nuke

from .actions import render
from .problems import Problem

__all__ = ["main", "words_behind"]


def words_behind(given: Sequence[str], raw: Sequence[str]) -> list[str]:
    """What stands behind a script on Nuke's command line, without "--".

    Nuke takes a last argument that is a number or a frame range for itself, and leaves it out of
    `sys.argv` (Foundry, "Command Line Operations"); `nuke.rawArgs` has the whole line.

    Args:
        given: `sys.argv`: the script, and what is left behind it.
        raw: `nuke.rawArgs`; where the script is not in it, `given` counts.
    """
    name = ntpath.basename(given[0])
    names = [ntpath.basename(word) for word in raw]
    words = raw[names.index(name) + 1 :] if name in names else given[1:]
    return [word for word in words if word != "--"]


def main(arguments: list[str]) -> int:
    """Open a script, render one node, say where the result is.

    Args:
        arguments: SCRIPT NODE [--frames 1001-1048] [--views left,right] [--save-as SCRIPT].

    Returns:
        the exit code: 0 done, 2 not.
    """
    parser = argparse.ArgumentParser(prog="render_node.py", description=__doc__)
    parser.add_argument("script")
    parser.add_argument("node")
    parser.add_argument("--frames", type=_frames)
    parser.add_argument("--views", type=lambda text: text.split(","))
    parser.add_argument("--save-as", help="write the script with its Read under this name")
    asked = parser.parse_args(arguments)
    try:
        nuke.scriptOpen(asked.script)
        read = render(asked.node, asked.frames, asked.views)
        print(f"{read.name()}: {read['file'].value()}")
        if asked.save_as:
            nuke.scriptSaveAs(asked.save_as, 1)
    except (Problem, RuntimeError) as error:
        print(f"nle_style: {error}", file=sys.stderr)
        return 2
    return 0


def _frames(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a range as 1001-1048")
    return int(match[1]), int(match[2] or match[1])
