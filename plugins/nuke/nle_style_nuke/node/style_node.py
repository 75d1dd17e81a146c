"""The node: made, kept up to date with the list of knobs, and its knobs' reactions."""

from __future__ import annotations

from typing import cast

import nuke

from ..installation import find_installation, read_pack
from ..problems import Problem
from . import knobs
from .knobs import KNOBS, MARK, SCHEMA, KnobSpec, make_knob
from .ranges import frame_range

__all__ = ["create", "is_style_node", "knob_changed", "refresh_styles", "upgrade"]

_COLOUR = 0x8C5AC8FF  # violet, which none of Nuke's own classes has


def is_style_node(node: nuke.Node) -> bool:
    """Whether a NoOp is one of ours."""
    return node.Class() == "NoOp" and node.knob(MARK) is not None


def create() -> nuke.Node:
    """Make a style node under what is selected, as Nuke's own nodes are made.

    Raises:
        Problem: nle_style is not installed; no node is made then.
    """
    installation = find_installation()
    pack = read_pack(installation)
    node = nuke.createNode("NoOp", "", False)
    node.setName("NLEStyle1", uncollide=True)
    node["tile_color"].setValue(_COLOUR)
    for spec in KNOBS:
        node.addKnob(make_knob(spec, pack.styles))
    node["pack_info"].setValue(f"{pack.name}, sha256 {pack.sha256[:12]}")
    node["version_info"].setValue(f"nle_style {installation.version}")
    first, last = _range_or_root(node)
    node["first"].setValue(first)
    node["last"].setValue(last)
    _enable(node)
    if nuke.GUI:
        node.showControlPanel()
    return node


def _range_or_root(node: nuke.Node) -> list[int]:
    try:
        return list(frame_range(node))
    except Problem:  # an input without frames is told of when it is rendered
        return [nuke.root().firstFrame(), nuke.root().lastFrame()]


def upgrade(node: nuke.Node) -> None:
    """Give a node of an older plugin the knobs that it lacks, at their defaults.

    A node of a newer plugin is left as it is, and says so.

    Raises:
        Problem: nle_style is not installed and the node lacks a list of styles.
    """
    made_by = int(node[MARK].value())
    if made_by > SCHEMA:
        node["version_info"].setValue(
            "made by a newer nle_style: update this one, or some settings are not used"
        )
        return
    if made_by == SCHEMA:
        return
    for spec in KNOBS:
        if node.knob(spec.name) is None:
            node.addKnob(make_knob(spec, _styles_for(spec)))
    node[MARK].setValue(SCHEMA)


def _styles_for(spec: KnobSpec) -> list[str]:
    return list(read_pack(find_installation()).styles) if "" in spec.values else []


def refresh_styles(node: nuke.Node) -> None:
    """Put the styles of the node's pack into its lists; chosen ones stay if the pack has them.

    Raises:
        Problem: the pack cannot be read.
    """
    installation = find_installation()
    pack = read_pack(installation, str(node["pack"].value() or ""))
    for spec in KNOBS:
        if "" in spec.values:
            knob = cast(nuke.Enumeration_Knob, node[spec.name])
            values, chosen = knobs.enumeration_values(spec, pack.styles), knob.value()
            knob.setValues(values)
            knob.setValue(chosen if chosen in values else values[0])
    node["pack_info"].setValue(f"{pack.name}, sha256 {pack.sha256[:12]}")
    node["version_info"].setValue(f"nle_style {installation.version}")


def knob_changed() -> None:
    """Nuke's callback for every knob of every NoOp: must be quick, and silent on others' nodes."""
    node, knob = nuke.thisNode(), nuke.thisKnob()
    if knob.name() in ("style2", "matte", "input_colour", "showPanel") and is_style_node(node):
        _enable(node)


def _enable(node: nuke.Node) -> None:
    """Grey out what has no effect."""
    matte = node["matte"].value()
    node["blend"].setEnabled(node["style2"].value() != knobs.NONE)
    node["matte_channel"].setEnabled(matte != knobs.NONE)
    node["matte_invert"].setEnabled(matte != knobs.NONE)
    node["matte_node"].setEnabled(matte == knobs.MATTE_NODE)
    node["colour_name"].setEnabled(node["input_colour"].value() == knobs.OTHER_SPACE)
