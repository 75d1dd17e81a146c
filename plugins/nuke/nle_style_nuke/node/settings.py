"""What the knobs say, read once on the main thread: the look, the colours, the output."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import nuke

from ..problems import Problem
from ..worker_client import client
from . import knobs

__all__ = ["MatteChoice", "Settings", "file_stem", "frame_rate", "read_settings"]


@dataclass(frozen=True)
class MatteChoice:
    """Where to paint.

    Attributes:
        node: full name of the node that has the matte; "" for the style node's input.
        channel: full name, as "rgba.alpha".
        invert: paint where it is black.
    """

    node: str
    channel: str
    invert: bool


@dataclass(frozen=True)
class Settings:
    """A copy of the knobs' values: turning a knob does not change a render that has begun.

    Attributes:
        look: as `client.make_look` makes it.
        pack: "" for the default.
        input_colour: as a job's `colour.input`.
        ocio: an OpenColorIO file, or None.
        depth: "half" or "float", of the painted channels.
        upstream_depth: `knobs.DEPTH_AUTO`, `DEPTH_HALF` or `DEPTH_FLOAT`.
        device, memory: as a job's `control` has them.
        matte: None for everywhere.
        output: folder for the results.
        rewrite: write upstream frames that are unchanged too.
        reconnect: hang the node's dependents on the Read.
    """

    look: dict[str, Any]
    pack: str
    input_colour: str
    ocio: str | None
    depth: str
    upstream_depth: str
    device: str
    memory: str
    matte: MatteChoice | None
    output: Path
    rewrite: bool
    reconnect: bool

    def key(self) -> str:
        """A hash of all that makes another result: not device, memory or what is done after."""
        parts = [self.look, self.pack, self.input_colour, self.ocio, self.depth]
        matte = self.matte and [self.matte.node, self.matte.channel, self.matte.invert]
        text = json.dumps([*parts, self.upstream_depth, matte], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def depth_of(self, source: nuke.Node) -> str:
        """How a node's picture is written for the worker, as a Write's `datatype`."""
        if self.upstream_depth != knobs.DEPTH_AUTO:
            return self.upstream_depth
        others = [name for name in source.channels() if not name.startswith("rgba.")]
        half = self.depth == "half" and not others
        return knobs.DEPTH_HALF if half else knobs.DEPTH_FLOAT

    @property
    def label(self) -> str:
        """The look in a few words; no brackets, which Nuke's labels would run as TCL."""
        styles = " + ".join(f"{name} {weight:g}" for name, weight in self.look["styles"].items())
        return f"{styles}, strength {self.look['strength']:g}"


def read_settings(node: nuke.Node) -> Settings:
    """Read the knobs of a style node.

    Raises:
        Problem: the script is not saved and no folder is given, or a knob's value cannot be used.
    """
    depth = "half" if node["format"].value() == knobs.EXR_HALF else "float"
    ocio = str(node["ocio"].value() or "") or None
    input_colour, ocio = _input_colour(node, ocio)
    return Settings(
        look=_look(node),
        pack=str(node["pack"].value() or ""),
        input_colour=input_colour,
        ocio=ocio,
        depth=depth,
        upstream_depth=str(node["upstream_depth"].value()),
        device=str(node["device"].value()),
        memory=str(node["memory"].value()).strip() or "auto",
        matte=_matte(node),
        output=_output(node),
        rewrite=bool(node["rewrite_upstream"].value()),
        reconnect=bool(node["reconnect"].value()),
    )


def _look(node: nuke.Node) -> dict[str, Any]:
    for name in ("blend", "strength", "stroke_scale"):
        if node[name].isAnimated() or node[name].hasExpression():
            raise Problem(
                f"{node.name()}: '{name}' is animated, but one look holds for the whole range. "
                "Set one value, and mix the result with the input by a Dissolve or Keymix."
            )
    style, second = str(node["style"].value()), str(node["style2"].value())
    blend = float(node["blend"].value())
    styles = {style: 1.0}
    if second not in (knobs.NONE, style) and blend > 0:
        styles = {style: 1.0 - blend, second: blend} if blend < 1 else {second: 1.0}
    look: dict[str, Any] = client.make_look(
        styles,
        strength=float(node["strength"].value()),
        statistics=str(node["statistics"].value()),
        stroke_scale=float(node["stroke_scale"].value()),
        colour=str(node["colour"].value()),
    )
    return look


def _matte(node: nuke.Node) -> MatteChoice | None:
    choice = node["matte"].value()
    if choice == knobs.NONE:
        return None
    channel = str(node["matte_channel"].value()).strip()
    if re.fullmatch(r"\w+\.\w+", channel) is None:
        raise Problem(
            f"{node.name()}: '{channel}' is not a channel. Write layer and channel: rgba.alpha."
        )
    name = str(node["matte_node"].value()).strip() if choice == knobs.MATTE_NODE else ""
    if choice == knobs.MATTE_NODE and (not name or node.parent().node(name) is None):
        raise Problem(f"{node.name()}: there is no node '{name}' to take the matte from.")
    return MatteChoice(name, channel, bool(node["matte_invert"].value()))


def _input_colour(node: nuke.Node, ocio: str | None) -> tuple[str, str | None]:
    """As a job's `colour.input` and `colour.ocio`."""
    choice = str(node["input_colour"].value())
    if choice == knobs.OTHER_SPACE:
        name = str(node["colour_name"].value()).strip()
        if not name:
            raise Problem(f"{node.name()}: name the input colourspace on the Colour tab.")
        return _without_role(name), ocio
    return _working_space(node, ocio) if choice == knobs.WORKING_SPACE else (choice, ocio)


def _without_role(name: str) -> str:
    """A role by its own name; OpenColorIO's nodes and AYON's scripts write `role_scene_linear`."""
    return name[5:] if name.startswith("role_") else name


def _working_space(node: nuke.Node, ocio: str | None) -> tuple[str, str | None]:
    text = _root_value("workingSpaceLUT") or "linear"
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    if "acescg" in plain:
        return "ACEScg", ocio
    if plain in ("linear", "linearrec709srgb", "linrec709", "linsrgb"):
        return "linear", ocio
    config = ocio or _root_value("customOCIOConfigPath") or os.environ.get("OCIO", "")
    if Path(config).is_file():  # it says what the name, or the role, means
        return _without_role(text), config
    raise Problem(
        f"{node.name()}: the project's working space '{text}' does not say its primaries, and the "
        "project names no OpenColorIO file. Choose the input colourspace on the Colour tab (linear "
        "is Rec.709), or the file there."
    )


def _root_value(name: str) -> str:
    knob = nuke.root().knob(name)
    return "" if knob is None else str(knob.value() or "")


def _output(node: nuke.Node) -> Path:
    given = str(node["output"].value() or "").strip()
    if given:
        folder = Path(given).expanduser()
    elif nuke.root().name() == "Root":
        raise Problem(
            f"{node.name()}: the script is not saved, so that there is no place for the result. "
            "Save it, or give an output folder on the Render tab."
        )
    else:
        script = Path(nuke.root().name())
        # comp_v003 goes on with what comp_v002 has written; another shot's script does not.
        shot = re.sub(r"[._-]?v\d+.*$", "", script.stem) or script.stem
        folder = script.parent / "nle_style" / shot
    if re.search(r"[\[\]%#]", str(folder)) or not folder.is_absolute():
        raise Problem(
            f"{node.name()}: the output folder must be a whole path without [ ] % #, "
            f"which Nuke reads as commands or frame numbers: {folder}"
        )
    return folder


def file_stem(node: nuke.Node) -> str:
    """The node's name in file names: "Group1_NLEStyle1"."""
    return re.sub(r"\W", "_", node.fullName())


def frame_rate() -> str:
    """The script's rate as a job writes it: "25" or "24000/1001".

    Nuke keeps a decimal number: 23.976 and its like stand for the NTSC rates, n * 1000/1001.
    """
    rate = float(nuke.root()["fps"].value())
    for whole in (24, 30, 48, 60, 120):
        if abs(rate - whole * 1000 / 1001) < 0.002:
            return f"{whole * 1000}/1001"
    exact = Fraction(rate).limit_denominator(1000)
    return str(exact)
