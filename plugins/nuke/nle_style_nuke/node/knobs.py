"""The node's knobs as a list: the node is made and upgraded from it, and its picture drawn.

Kinds are words of our own; `make_knob` has Nuke's classes for them. Every button's command is one
line that says what to do where the plugin is missing: the node itself is a plain NoOp, which any
Nuke opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nuke

__all__ = ["KNOBS", "MARK", "SCHEMA", "KnobSpec", "button_command", "make_knob"]

SCHEMA = 1
"""Raised with every change of the list, so that older nodes get the knobs they lack."""

MARK = "nle_style_node"
"""The hidden knob that tells our node from any other NoOp; its value is the node's schema."""

NONE = "none"
WORKING_SPACE = "working space"
OTHER_SPACE = "another (name below)"
MATTE_CHANNEL = "channel of the input"
MATTE_NODE = "another node"
EXR_HALF = "EXR 16 bit half"
EXR_FLOAT = "EXR 32 bit float"
DEPTH_AUTO = "auto"
DEPTH_HALF = "16 bit half"
DEPTH_FLOAT = "32 bit float"


@dataclass(frozen=True)
class KnobSpec:
    """One knob.

    Attributes:
        kind: "tab", "enumeration", "double", "int", "boolean", "string", "file", "button", "text"
            (a readout), "heading" or "mark" (an invisible number).
        name: of the knob in the script.
        label: on the panel.
        tooltip: shown by Nuke over the knob.
        default: value of a new node; None where Nuke's own is right.
        limits: of a slider, inclusive.
        values: of an enumeration; ("",) stands for the pack's styles.
        same_line: drawn to the right of the knob before it.
    """

    kind: str
    name: str
    label: str
    tooltip: str = ""
    default: Any = None
    limits: tuple[float, float] | None = None
    values: tuple[str, ...] = ()
    same_line: bool = False


def button_command(action: str) -> str:
    """The one line of Python behind a button; without the plugin it says what to do."""
    return (
        "import importlib.util, nuke; "
        "__import__('nle_style_nuke').press(nuke.thisNode(), '" + action + "') "
        "if importlib.util.find_spec('nle_style_nuke') "
        "else nuke.message('nle_style is not installed here. The node and its settings are kept. "
        "Run: nle-style install nuke')"
    )


def _tab(name: str, label: str) -> KnobSpec:
    return KnobSpec("tab", name, label)


def _choice(name: str, label: str, tooltip: str, *values: str, default: str = "") -> KnobSpec:
    return KnobSpec("enumeration", name, label, tooltip, default or values[0], values=values)


def _button(name: str, label: str, tooltip: str, same_line: bool = True) -> KnobSpec:
    return KnobSpec("button", name, label, tooltip, same_line=same_line)


KNOBS: tuple[KnobSpec, ...] = (
    _tab("tab_style", "Style"),
    KnobSpec("mark", MARK, "", default=SCHEMA),
    _choice("style", "style", "The poster to paint with.", ""),
    _choice("style2", "second style", "A second poster, mixed in by blend.", NONE, ""),
    KnobSpec("double", "blend", "blend", "0: only style. 1: only second style.", 0.0, (0, 1)),
    KnobSpec(
        "double",
        "strength",
        "strength",
        "1: the full look. 0: every channel of the source, bit for bit.",
        1.0,
        (0, 1),
    ),
    KnobSpec(
        "double",
        "stroke_scale",
        "stroke scale",
        "Size of the strokes in the picture. 1: frames are painted at most 1280 pixels wide or "
        "high. Less: finer, and a small proxy as its larger master.",
        1.0,
        (0.25, 4),
    ),
    _choice(
        "colour",
        "colour",
        "poster: the poster's colours. source: the input's own chroma under the strokes.",
        "poster",
        "source",
    ),
    _choice(
        "statistics",
        "statistics",
        "Where the network's norms take mean and variance from. hybrid and shot: the whole shot, "
        "steady, and a changed frame renders its shot again. frame: every frame by itself.",
        "hybrid",
        "shot",
        "frame",
    ),
    KnobSpec("heading", "matte_heading", "matte"),
    _choice(
        "matte",
        "paint inside",
        "Paint everywhere, where a channel of the input is white, or where another node is.",
        NONE,
        MATTE_CHANNEL,
        MATTE_NODE,
    ),
    KnobSpec(
        "string",
        "matte_channel",
        "channel",
        "The matte's channel by its full name: rgba.alpha, mask.a, depth.Z.",
        "rgba.alpha",
    ),
    KnobSpec(
        "string",
        "matte_node",
        "node",
        "Name of the node whose channel is the matte, for instance Roto1.",
        "",
    ),
    KnobSpec("boolean", "matte_invert", "invert", "Paint where the matte is black.", False),
    _tab("tab_render", "Render"),
    KnobSpec("int", "first", "frame range", "First frame to render.", 1),
    KnobSpec("int", "last", "", "Last frame to render, inclusive.", 1, same_line=True),
    _button("reset_range", "reset", "The input's frame range; the script's if it has none."),
    KnobSpec(
        "int",
        "handles",
        "handles",
        "Frames more at both ends, as far as the input has them.",
        0,
    ),
    KnobSpec(
        "string",
        "views",
        "views",
        "Views to render, apart by spaces: left right. Empty: all views of the script.",
        "",
    ),
    KnobSpec(
        "file",
        "output",
        "output folder",
        "Empty: nle_style/SCRIPT beside the script. Upstream frames are kept in it, hidden.",
        "",
    ),
    _choice(
        "format",
        "format",
        "Of the painted channels. Other layers keep the depth that they are written with.",
        EXR_HALF,
        EXR_FLOAT,
    ),
    _choice(
        "upstream_depth",
        "upstream depth",
        "How the input is written for the worker. auto: as the format; float where there are "
        "layers beside rgba, which hold positions or object numbers that half would spoil.",
        DEPTH_AUTO,
        DEPTH_HALF,
        DEPTH_FLOAT,
    ),
    _choice("device", "device", "Where the network runs.", "auto", "cpu", "cuda", "mps"),
    KnobSpec(
        "string", "memory", "memory", "What a render may take: auto, or a size as 4GiB.", "auto"
    ),
    KnobSpec(
        "boolean",
        "rewrite_upstream",
        "write all upstream frames",
        "Also those that Nuke calls unchanged. Needed if something changed that Nuke cannot see.",
        False,
    ),
    KnobSpec(
        "boolean",
        "reconnect",
        "reconnect downstream",
        "After a render, what hung on this node hangs on the Read.",
        False,
    ),
    _button("render", "Render", "Render the range, then make or renew the Read.", same_line=False),
    _button("render_background", "Render in background", "Write upstream, then let you work on."),
    _button("cancel", "Cancel", "End this node's background render."),
    _button("preview", "Preview this frame", "Render only this frame, into a Read of its own."),
    _button("open_folder", "Open folder", "Show the results in the file browser."),
    _tab("tab_colour", "Colour"),
    _choice(
        "input_colour",
        "input colourspace",
        "What the input's values are. working space: what the project settings say.",
        WORKING_SPACE,
        "linear",
        "ACEScg",
        "srgb",
        "rec709",
        OTHER_SPACE,
    ),
    KnobSpec(
        "string",
        "colour_name",
        "name",
        "A colour space of the OpenColorIO configuration, for another.",
        "",
    ),
    KnobSpec(
        "file",
        "ocio",
        "OpenColorIO file",
        "An .ocio or .ocioz. Empty: nle_style's built-in ACES studio configuration.",
        "",
    ),
    _tab("tab_info", "Info"),
    KnobSpec("file", "pack", "style pack", "A .safetensors file. Empty: the pack that ships.", ""),
    _button("reload_styles", "reload", "Read the pack's list of styles again."),
    KnobSpec("text", "pack_info", "pack", default="-"),
    KnobSpec("text", "version_info", "version", default="-"),
    KnobSpec("text", "last_result", "last result", default="-"),
)


def make_knob(spec: KnobSpec, styles: Sequence[str]) -> nuke.Knob:
    """A knob of Nuke's, with its default.

    Args:
        spec: which.
        styles: what the enumerations of styles offer.
    """
    knob = _constructed(spec, styles)
    if spec.tooltip:
        knob.setTooltip(spec.tooltip)
    if spec.kind == "mark":
        knob.setFlag(nuke.INVISIBLE)
    if spec.same_line:
        knob.clearFlag(nuke.STARTLINE)
    elif spec.kind == "button":
        knob.setFlag(nuke.STARTLINE)
    if spec.kind in ("double", "int"):
        # One look holds for the whole range: what cannot be animated need not be refused.
        knob.setFlag(nuke.NO_ANIMATION)
    if spec.default is not None and spec.kind != "enumeration":
        knob.setValue(spec.default)
    return knob


def _constructed(spec: KnobSpec, styles: Sequence[str]) -> nuke.Knob:
    if spec.kind == "enumeration":
        return nuke.Enumeration_Knob(spec.name, spec.label, enumeration_values(spec, styles))
    if spec.kind == "button":
        return nuke.PyScript_Knob(spec.name, spec.label, button_command(spec.name))
    if spec.kind == "double":
        knob = nuke.Double_Knob(spec.name, spec.label)
        if spec.limits is not None:
            knob.setRange(*spec.limits)
        return knob
    simple = {
        "tab": nuke.Tab_Knob,
        "int": nuke.Int_Knob,
        "mark": nuke.Int_Knob,
        "boolean": nuke.Boolean_Knob,
        "string": nuke.String_Knob,
        "file": nuke.File_Knob,
        "text": nuke.Text_Knob,
        "heading": nuke.Text_Knob,
    }
    made: nuke.Knob = simple[spec.kind](spec.name, spec.label)
    return made


def enumeration_values(spec: KnobSpec, styles: Sequence[str]) -> list[str]:
    """What an enumeration offers, the styles put where the list has ""."""
    values: list[str] = []
    for value in spec.values:
        values.extend([value] if value else styles)
    return values
