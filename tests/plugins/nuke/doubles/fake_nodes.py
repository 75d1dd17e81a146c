"""Nodes of the stand-in for Nuke, with the knobs that the plugin may know of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.plugins.nuke.doubles import fake_knobs as k
from tests.plugins.nuke.doubles.fake_knobs import Knob, MainThreadOnly
from tests.plugins.nuke.doubles.fake_pictures import Picture, cropped, halved, spread

if TYPE_CHECKING:
    from tests.plugins.nuke.doubles.fake_nuke import Studio

__all__ = ["NODE_CLASSES", "Format", "FrameRange", "Group", "Node", "Root"]

# Class -> its knobs as (name, knob class, default); the defaults are Nuke's, where they bite.
NODE_CLASSES: dict[str, list[tuple[str, type[Knob], Any]]] = {
    "NoOp": [],
    "Dot": [],
    "Group": [],
    "CheckerBoard2": [],
    "Blur": [("size", k.Double_Knob, 0.0)],
    "Expression": [(f"expr{i}", k.String_Knob, "") for i in range(4)],
    "OneView": [("view", k.String_Knob, "")],
    "Crop": [
        ("box", k.BBox_Knob, (0, 0, 0, 0)),
        ("reformat", k.Boolean_Knob, False),
        ("intersect", k.Boolean_Knob, False),
        ("crop", k.Boolean_Knob, True),
    ],
    "Write": [
        ("file", k.File_Knob, ""),
        ("file_type", k.String_Knob, ""),
        ("channels", k.String_Knob, "rgb"),
        ("raw", k.Boolean_Knob, False),
        ("create_directories", k.Boolean_Knob, False),
        ("use_limit", k.Boolean_Knob, True),
        ("views", k.String_Knob, ""),
    ],
    "Read": [
        ("file", k.File_Knob, ""),
        *[(name, k.Int_Knob, 1) for name in ("first", "last", "origfirst", "origlast")],
        ("raw", k.Boolean_Knob, False),
        ("colorspace", k.String_Knob, "default"),
        ("reload", k.PyScript_Knob, "reload"),
    ],
}
_COMMON = [("label", k.String_Knob, ""), ("tile_color", k.Int_Knob, 0)]
_EXR_KNOBS = [("datatype", k.String_Knob, "16 bit half"), ("compression", k.String_Knob, "none")]


class Format(MainThreadOnly):
    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)

    def x(self) -> int:
        return 0

    def y(self) -> int:
        return 0

    def r(self) -> int:
        return self._size[0]

    def t(self) -> int:
        return self._size[1]


class FrameRange(MainThreadOnly):
    def __init__(self, first: int, last: int) -> None:
        self._range = (first, last)

    def first(self) -> int:
        return self._range[0]

    def last(self) -> int:
        return self._range[1]

    def frames(self) -> int:
        return self._range[1] - self._range[0] + 1


class Node(MainThreadOnly):
    def __init__(self, studio: Studio, kind: str, name: str, parent: Any) -> None:
        self._studio, self._kind, self._name, self._parent = studio, kind, name, parent
        self._inputs: list[Node | None] = []
        self._position = (0, 0)
        self._knobs: dict[str, Knob] = {}
        self._user: list[Knob] = []
        self._reloads = 0
        # Of a source: frame and view -> picture, and the frames that it has.
        self._feed: Callable[[int, str], Picture] | None = None
        self._frames = (1, 1)
        self._files: Callable[[int], list[str]] = lambda frame: []
        self._validated_at = [studio._frame]
        for knob_name, knob_class, default in [*_COMMON, *NODE_CLASSES.get(kind, [])]:
            knob = knob_class(knob_name)
            knob._value = default
            self._put(knob)

    def _put(self, knob: Knob) -> None:
        knob._node = self
        self._knobs[knob._name] = knob

    def _changed(self, knob: Knob) -> None:
        self._studio._touch()
        if self._kind == "Write" and knob._name == "file_type" and knob._value == "exr":
            for name, knob_class, default in _EXR_KNOBS:
                if name not in self._knobs:
                    made = knob_class(name)
                    made._value = default
                    self._put(made)
        self._studio._call_back("knob_changed", self, knob)

    def _run(self, knob: Knob) -> None:
        if knob._name == "reload":
            self._reloads += 1
            return
        self._studio._run_command(self, knob._value)

    def Class(self) -> str:  # noqa: N802
        return self._kind

    def name(self) -> str:
        return self._name

    def fullName(self) -> str:  # noqa: N802
        above = self._parent
        return self._name if isinstance(above, Root) else f"{above.fullName()}.{self._name}"

    def parent(self) -> Any:
        return self._parent

    def setName(self, name: str, uncollide: bool = True) -> None:  # noqa: N802
        taken = {node._name for node in self._parent._nodes if node is not self}
        stem, number = name.rstrip("0123456789"), 1
        while name in taken and uncollide:
            number += 1
            name = f"{stem}{number}"
        self._name = name
        self._studio._touch()

    def addKnob(self, knob: Knob) -> None:  # noqa: N802
        if knob._name in self._knobs:
            raise ValueError(f"{self._name} has a knob {knob._name} already")
        self._put(knob)
        self._user.append(knob)
        self._studio._touch()

    def knob(self, name: str) -> Knob | None:
        return self._knobs.get(name)

    def knobs(self) -> dict[str, Knob]:
        return dict(self._knobs)

    def __getitem__(self, name: str) -> Knob:
        knob = self.knob(name)
        if knob is None:
            raise NameError(f"knob {name} does not exist")
        return knob

    def input(self, index: int) -> Node | None:
        return self._inputs[index] if index < len(self._inputs) else None

    def inputs(self) -> int:
        return len(self._inputs)

    def setInput(self, index: int, node: Node | None) -> bool:  # noqa: N802
        if self._kind == "NoOp" and index > 0:
            return False
        while len(self._inputs) <= index:
            self._inputs.append(None)
        self._inputs[index] = node
        self._studio._touch()
        return True

    def dependent(self, mask: int) -> list[Node]:
        return [node for node in self._studio._all() if self in node._inputs]

    def xpos(self) -> int:
        return self._position[0]

    def ypos(self) -> int:
        return self._position[1]

    def setXYpos(self, x: int, y: int) -> None:  # noqa: N802
        self._position = (x, y)

    def showControlPanel(self) -> None:  # noqa: N802
        if not self._studio.nuke.GUI:
            raise RuntimeError("there is no GUI")

    def format(self) -> Format:
        return Format(*self._picture(self._studio._frame, self._studio._views[0]).size)

    def channels(self) -> list[str]:
        return list(self._picture(self._studio._frame, self._studio._views[0]).channels)

    def frameRange(self) -> FrameRange:  # noqa: N802
        above = self._inputs[0] if self._inputs else None
        return FrameRange(*self._frames) if above is None else above.frameRange()

    def fileDependencies(self, start: int, end: int) -> list[list[Any]]:  # noqa: N802
        above = [] if not self._inputs or self._inputs[0] is None else [self._inputs[0]]
        found = [entry for node in above for entry in node.fileDependencies(start, end)]
        names = [name for frame in range(start, end + 1) for name in self._files(frame)]
        return found + ([[self, names]] if names else [])

    def forceValidate(self) -> None:  # noqa: N802
        if self._studio.validated_by == "frame":
            self._validated_at.append(self._studio._frame)

    def metadata(self, key: str, time: float, view: str) -> object:
        if self._studio.validated_by == "metadata":
            self._validated_at.append(int(time))

    def opHashes(self) -> list[int]:  # noqa: N802
        """Of the frames that it was validated at: setting the frame alone is not enough."""
        # In any order: that of one ask says nothing of that of the next. Some are below 0.
        numbers = [op - 2**64 if op >= 2**63 else op for _, op in self._ops()]
        self._studio._asked_hashes += 1
        return [*numbers, 1][:: 1 if self._studio._asked_hashes % 2 else -1]

    def _ops(self) -> list[tuple[int, int]]:
        """(frame, hash) of its ops."""
        if not self._studio.hashes:
            return []
        frames = self._validated_at if self._studio.lists_ops else self._validated_at[-1:]
        return [(frame, self._hash_at(frame)) for frame in dict.fromkeys(frames)]

    def _hash_at(self, frame: int) -> int:
        view = self._knobs["view"]._value if self._kind == "OneView" else self._studio._views[0]
        picture = self._picture(frame, view)
        digest = hashlib.sha256(repr((picture.box, picture.size)).encode())
        for name, plane in picture.channels.items():
            digest.update(name.encode() + plane.tobytes())
        return int.from_bytes(digest.digest()[:8], "little")

    def _picture(self, frame: int, view: str) -> Picture:
        if self._feed is not None:
            picture = self._feed(frame, view)
            return halved(picture) if self._studio._root["proxy"].value() else picture
        above = self._inputs[0] if self._inputs else None
        if above is None:
            raise RuntimeError(f"{self._name}: no input")
        picture = above._picture(frame, view)
        if self._kind == "Crop":
            assert not self._knobs["crop"]._value, "black outside would add an alpha"
            return cropped(picture, self._knobs["box"]._value)
        if self._kind == "Expression":
            return spread(picture, self._knobs["expr0"]._value)
        return picture


class Group(Node):
    def __init__(self, studio: Studio, kind: str, name: str, parent: Any) -> None:
        self._nodes: list[Node] = []
        super().__init__(studio, kind, name, parent)

    def node(self, name: str) -> Node | None:
        return next((node for node in self._nodes if node._name == name), None)

    def __enter__(self) -> Group:
        self._studio._groups.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._studio._groups.pop()


class Root(Group):
    def __init__(self, studio: Studio) -> None:
        super().__init__(studio, "Root", "Root", None)
        self._put(k.Boolean_Knob("proxy"))
        self._put(k.Double_Knob("fps"))
        self._put(k.String_Knob("workingSpaceLUT"))
        self._put(k.File_Knob("customOCIOConfigPath"))
        self._knobs["fps"]._value = 24.0
        self._knobs["workingSpaceLUT"]._value = "linear"
        self._range = (1, 100)

    def modified(self) -> bool:
        return self._studio._modified

    def setModified(self, modified: bool) -> None:  # noqa: N802
        self._studio._modified = modified

    def firstFrame(self) -> int:  # noqa: N802
        return self._range[0]

    def lastFrame(self) -> int:  # noqa: N802
        return self._range[1]
