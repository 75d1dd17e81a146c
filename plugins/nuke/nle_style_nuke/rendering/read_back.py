"""The Read of a finished render: found or made, pointed at the frames, labelled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import nuke

from ..problems import Problem

__all__ = ["make_read", "reconnect", "sequence_of"]

PROVENANCE = "nle_style_provenance"


def sequence_of(paths: Mapping[str, Path]) -> str:
    """The files of all views as one name for a Read.

    Args:
        paths: view -> folder of its frames, `NAME` with files `NAME.000001.exr`.

    Returns:
        with forward slashes, `%V` where views differ, `######` for the frame number.

    Raises:
        Problem: the views' names differ by more than the view.
    """
    views = list(paths)
    first = paths[views[0]]
    name = first.name
    if len(views) > 1:
        name = first.name.replace(f".{views[0]}", ".%V", 1)
        strays = [view for view in views if paths[view].name != name.replace("%V", view)]
        if strays or any(paths[view].parent != first.parent for view in views):
            found = ", ".join(str(path) for path in paths.values())
            raise Problem(f"the views' results cannot be one Read: {found}. Read them one by one.")
    return (first.parent / name / f"{name}.######.exr").as_posix()


def make_read(
    node: nuke.Node,
    name: str,
    sequence: str,
    first: int,
    last: int,
    label: str,
    provenance: dict[str, Any],
) -> nuke.Node:
    """Find the Read of that name beside a node, or make it, and point it at a sequence.

    The frames hold what a raw Write wrote and the worker gave back in the same encoding: they are
    read raw, so that no colourspace setting can change them.

    Args:
        node: the style node; the Read is made in its group, below it.
        name: of the Read.
        sequence: as `sequence_of` gives it.
        first, last: Nuke's frames, inclusive.
        label: shown under its name.
        provenance: kept as JSON in a knob of its own.
    """
    parent = node.parent()
    read = parent.node(name)
    if read is None or read.Class() != "Read":
        with parent:
            read = nuke.nodes.Read()
        read.setName(name, uncollide=True)
        read.setXYpos(node.xpos() + 110, node.ypos())
    cast(nuke.File_Knob, read["file"]).fromUserText(f"{sequence} {first}-{last}")
    for knob, value in (("first", first), ("last", last), ("origfirst", first), ("origlast", last)):
        read[knob].setValue(value)
    read["raw"].setValue(True)
    read["label"].setValue(label)
    if read.knob(PROVENANCE) is None:
        read.addKnob(nuke.Tab_Knob("nle_style", "nle_style"))
        read.addKnob(nuke.String_Knob(PROVENANCE, "made by"))
        read[PROVENANCE].setFlag(nuke.READ_ONLY)
    read[PROVENANCE].setValue(json.dumps(provenance, sort_keys=True))
    # The same file names may hold new frames, which Nuke has the old ones of in its cache.
    cast(nuke.Script_Knob, read["reload"]).execute()
    return read


def reconnect(node: nuke.Node, read: nuke.Node) -> list[str]:
    """Hang everything that hangs on `node` on `read`; returns the names of what was moved."""
    moved = []
    for dependent in node.dependent(nuke.INPUTS | nuke.HIDDEN_INPUTS):
        for index in range(dependent.inputs()):
            if dependent.input(index) == node:
                dependent.setInput(index, read)
                moved.append(dependent.name())
    return moved
