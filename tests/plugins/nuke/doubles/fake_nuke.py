"""A strict stand-in for the module `nuke`; not Nuke, and no proof of how Nuke behaves.

It knows only what the plugin is known to use: any other name is an AttributeError, any other node
class a RuntimeError. Whatever touches the graph off the main thread fails, `executeInMainThread`
waits until `Studio.pump` is called, its WithResult form swallows exceptions and is refused on the
main thread (where Nuke waits for ever), and only Writes can be executed. They write real EXRs; what
ends them leaves half a file.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.plugins.nuke.doubles import fake_knobs
from tests.plugins.nuke.doubles.fake_nodes import NODE_CLASSES, Group, Node, Root
from tests.plugins.nuke.doubles.fake_pictures import write_exr

__all__ = ["CancelledError", "Studio"]

_ANY_THREAD = {"executeInMainThread", "executeInMainThreadWithResult"}


class CancelledError(Exception):
    pass


def _main_only(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Nuke's that may be named in any thread, but called in the main one alone."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError(f"nuke{call.__name__[5:]} is called off Nuke's main thread")
        return call(*args, **kwargs)

    return guarded


class _Nodes:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def __getattr__(self, kind: str) -> Callable[[], Node]:
        return lambda: self._studio._make(kind)


class _MenuItems:
    def __init__(self) -> None:
        self._commands: dict[str, str] = {}

    def addCommand(self, name: str, command: str) -> None:  # noqa: N802
        self._commands[name] = command


class Studio:
    """The application around the module.

    Attributes:
        nuke: the module.
        messages: what `nuke.message` showed.
        calls: ranges and views of each call that had a Write render.
        executed: (frame, view) of each frame that was rendered.
        tasks: titles of the progress bars that were made; bars: how many are open.
        cancel_at: None, or a number of questions after which progress bars are cancelled.
        on_execute: called before a frame is written; may raise, say "empty" to write nothing, or
            give what is raised with half of the file written.
        hashes: whether nodes have op hashes.
        window_gone: whether the windows of progress bars are.
        validated_by: what makes a node take the hash of the frame: "frame" (`nuke.frame`, then
            `forceValidate`), "metadata" (asking for it at the frame), or "nothing": it stays that
            of the frame the node was made at, as NukeX 17.0v2 was seen to do.
        lists_ops: whether `opHashes` and `showInfo` have the ops of all frames that a node was
            validated at, as Nukomfy's input_cache_writer.py reads them, and not of the last alone.
    """

    def __init__(self, gui: bool = True) -> None:
        self.nuke: Any = types.ModuleType("nuke")
        self.messages: list[str] = []
        self.calls: list[tuple[list[tuple[int, ...]], list[str]]] = []
        self.executed: list[tuple[int, str]] = []
        self.tasks: list[str] = []
        self.bars = 0
        self.cancel_at: int | None = None
        self.on_execute: Callable[[int, str], str | Exception | None] = lambda frame, view: None
        self.hashes = True
        self.window_gone = False
        self.validated_by = "metadata"
        self.lists_ops = False
        self.undo_steps: list[str] = []
        self.menus: dict[str, _MenuItems] = {}
        self._frame, self._modified, self._views = 1, False, ["main"]
        self._undo_disabled = False
        self._asked = self._asked_hashes = 0
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue()
        self._this: list[tuple[Node, Any]] = []
        self._callbacks: dict[str, list[tuple[Callable[[], None], str]]] = {}
        self._root = Root(self)
        self._groups: list[Group] = [self._root]
        self._selected: Node | None = None
        self._plugin_path: list[str] = []
        self._fill(gui)

    # --- what tests do -------------------------------------------------------------------------

    def set_up(self, script: Path | None, views: list[str], frames: tuple[int, int]) -> None:
        """Name of the script, views, and the root's range."""
        self._root._name = "Root" if script is None else script.as_posix()
        self._views = list(views)
        self._root._range = frames
        self._frame = frames[0]

    def source(self, name: str, feed: Any, frames: tuple[int, int]) -> Node:
        """A node that gives the pictures of `feed(frame, view)`, selected as after a click."""
        node = self._make("CheckerBoard2")
        node._name, node._feed, node._frames = name, feed, frames
        self._selected = node
        self._modified = False
        return node

    def press(self, node: Node, button: str) -> None:
        """Click a button."""
        self._run_command(node, node[button].value())

    def pump(self, until: Callable[[], bool], seconds: float = 120.0) -> None:
        """Be Nuke's event loop on the main thread until something is so."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, "waited in vain"
            with contextlib.suppress(queue.Empty):
                self._queue.get(timeout=0.05)()

    def snapshot(self) -> dict[str, Any]:
        """The graph and the root: whatever a failed render must leave as it was."""
        nodes = {
            node.fullName(): (
                node._kind,
                [other and other.fullName() for other in node._inputs],
                {name: knob._value for name, knob in node._knobs.items()},
            )
            for node in self._all()
        }
        root = {name: knob._value for name, knob in self._root._knobs.items()}
        chosen = self._selected and self._selected._name
        return {
            "nodes": nodes,
            "root": root,
            "frame": self._frame,
            "modified": self._modified,
            "selected": chosen,
            "undo": (self._undo_disabled, list(self.undo_steps)),
        }

    # --- inner workings ------------------------------------------------------------------------

    def _all(self) -> Iterator[Node]:
        waiting: list[Group] = [self._root]
        while waiting:
            for node in waiting.pop()._nodes:
                yield node
                if isinstance(node, Group):
                    waiting.append(node)

    def _touch(self) -> None:
        self._modified = True

    def _make(self, kind: str) -> Node:
        if kind not in NODE_CLASSES:
            raise RuntimeError(f"{kind}: Unknown command")
        parent = self._groups[-1]
        node = (Group if kind == "Group" else Node)(self, kind, f"{kind}0", parent)
        parent._nodes.append(node)
        node.setName(f"{kind}1")
        self._note_undo(f"create {kind}")
        self._call_back("create", node, None)
        return node

    def _note_undo(self, what: str) -> None:
        self._touch()
        if not self._undo_disabled:
            self.undo_steps.append(what)

    def _call_back(self, event: str, node: Node, knob: Any) -> None:
        for call, kind in self._callbacks.get(event, []):
            if kind in ("*", node._kind):
                self._this.append((node, knob))
                try:
                    call()
                finally:
                    self._this.pop()

    def _run_command(self, node: Node, command: str) -> None:
        self._this.append((node, None))
        try:
            exec(command, {})  # noqa: S102  (what Nuke does with a button)
        finally:
            self._this.pop()

    def _fill(self, gui: bool) -> None:
        nuke = self.nuke
        for name in dir(self):
            if name.startswith("_nuke_"):
                call, public = getattr(self, name), name.removeprefix("_nuke_")
                setattr(nuke, public, call if public in _ANY_THREAD else _main_only(call))
        for name, kind in fake_knobs.KNOB_CLASSES.items():
            setattr(nuke, name, kind)
        nuke.GUI, nuke.NUKE_VERSION_MAJOR, nuke.NUKE_VERSION_STRING = gui, 14, "14.0v5"
        nuke.INVISIBLE, nuke.READ_ONLY = fake_knobs.INVISIBLE, fake_knobs.READ_ONLY
        nuke.STARTLINE, nuke.NO_ANIMATION = fake_knobs.STARTLINE, fake_knobs.NO_ANIMATION
        nuke.INPUTS, nuke.HIDDEN_INPUTS = 4, 8
        nuke.rawArgs = []
        nuke.Node, nuke.Group, nuke.CancelledError = Node, Group, CancelledError
        nuke.nodes = _Nodes(self)
        studio = self

        class ProgressTask:
            def __init__(self, title: str) -> None:
                assert gui, "there is no GUI"
                studio.tasks.append(title)
                studio.bars += 1

            def __del__(self) -> None:
                studio.bars -= 1

            def isCancelled(self) -> bool:  # noqa: N802
                self._check()
                studio._asked += 1
                return studio.cancel_at is not None and studio._asked > studio.cancel_at

            def _check(self) -> None:
                if studio.window_gone:
                    raise RuntimeError("Internal C++ object (ProgressTask) already deleted.")

            def setMessage(self, text: str) -> None:  # noqa: N802
                self._check()
                assert isinstance(text, str)

            def setProgress(self, percent: int) -> None:  # noqa: N802
                assert 0 <= percent <= 100

        class Undo:
            @classmethod
            def disabled(cls) -> bool:
                return studio._undo_disabled

            @classmethod
            def disable(cls) -> None:
                studio._undo_disabled = True

            @classmethod
            def enable(cls) -> None:
                studio._undo_disabled = False

        nuke.ProgressTask, nuke.Undo = ProgressTask, Undo

    # --- the module's functions ----------------------------------------------------------------

    def _nuke_root(self) -> Root:
        return self._root

    def _nuke_views(self) -> list[str]:
        return list(self._views)

    def _nuke_thisNode(self) -> Node:  # noqa: N802
        return self._this[-1][0]

    def _nuke_thisKnob(self) -> Any:  # noqa: N802
        return self._this[-1][1]

    def _nuke_thisView(self) -> str:  # noqa: N802
        return self._views[0]

    def _nuke_frame(self, frame: int | None = None) -> int:
        if frame is not None:
            self._frame = frame
        return self._frame

    def _nuke_showInfo(self, node: Node) -> str:  # noqa: N802
        ops = node._ops()
        if self.lists_ops:
            lines = [f"Op for {{frame={at} view=1}}: Blur, hash={op:x}, 4:1" for at, op in ops]
            return "\n".join(["Blur1", *lines])
        return "".join(f"Blackman: no\nhash {op:x}\n" for _, op in ops)

    def _nuke_pluginPath(self) -> list[str]:  # noqa: N802
        return list(self._plugin_path)

    def _nuke_message(self, prompt: str) -> None:
        self.messages.append(prompt)

    def _nuke_toNode(self, name: str) -> Node | None:  # noqa: N802
        group = self._groups[-1]
        whole = name if group is self._root else f"{group.fullName()}.{name}"
        return next((node for node in self._all() if node.fullName() == whole), None)

    def _nuke_createNode(self, kind: str, knobs: str = "", inpanel: bool = True) -> Node:  # noqa: N802
        node = self._make(kind)
        if self._selected is not None:
            node.setInput(0, self._selected)
        self._selected = node
        return node

    def _nuke_delete(self, node: Node) -> None:
        if self._selected is node:
            self._selected = None
        node._parent._nodes.remove(node)
        self._note_undo(f"delete {node._name}")

    def _nuke_menu(self, name: str) -> _MenuItems:
        return self.menus.setdefault(name, _MenuItems())

    def _nuke_addOnCreate(self, call: Any, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._callbacks.setdefault("create", []).append((call, nodeClass))

    def _nuke_addKnobChanged(self, call: Any, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._callbacks.setdefault("knob_changed", []).append((call, nodeClass))

    def _nuke_scriptOpen(self, filename: str) -> None:  # noqa: N802
        if not Path(filename).is_file():
            raise RuntimeError(f"{filename}: no such file")

    def _nuke_scriptSaveAs(self, filename: str, overwrite: int = -1) -> None:  # noqa: N802
        Path(filename).write_text("saved\n", encoding="utf-8")

    def _nuke_executeInMainThread(  # noqa: N802
        self, call: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> None:
        given = args if isinstance(args, tuple) else (args,)
        self._queue.put(lambda: call(*given, **(kwargs or {})))

    def _nuke_executeInMainThreadWithResult(  # noqa: N802
        self, call: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if threading.current_thread() is threading.main_thread():
            raise RuntimeError("the main thread would wait for itself")
        done, results = threading.Event(), []

        def run() -> None:
            with contextlib.suppress(Exception):
                results.append(call(*(args if isinstance(args, tuple) else (args,))))
            done.set()

        self._queue.put(run)
        done.wait()
        return results[0] if results else None

    def _nuke_executeMultiple(  # noqa: N802
        self,
        nodes: Any,
        ranges: Any,
        views: Any,
        continueOnError: bool = False,  # noqa: N803
    ) -> None:
        self.calls.append(([tuple(each) for each in ranges], list(views)))
        for node in nodes:
            if node._kind != "Write":
                raise RuntimeError(f"{node._name} is not executable")
            for first, last, step in ranges:
                for frame in range(first, last + 1, step):
                    for view in views:
                        self._render(node, frame, view)

    def _render(self, node: Node, frame: int, view: str) -> None:
        knobs = {name: knob._value for name, knob in node._knobs.items()}
        assert knobs["file_type"] == "exr"
        assert knobs["compression"] == "Zip (1 scanline)"
        path = Path(knobs["file"].replace("%V", view) % frame)
        if knobs["create_directories"]:
            path.parent.mkdir(parents=True, exist_ok=True)
        wish = self.on_execute(frame, view)
        path.write_bytes(b"" if wish == "empty" else b"v/1")
        if isinstance(wish, Exception):
            raise wish
        if wish == "empty":
            return
        picture = node._picture(frame, view)
        if not knobs["raw"]:  # an output transform: not what the graph holds
            doubled = {n: plane * 2 for n, plane in picture.channels.items()}
            picture = type(picture)(doubled, picture.box, picture.size)
        half = knobs["datatype"] == "16 bit half"
        write_exr(path, picture, half=half, rgb_only=knobs["channels"] == "rgb")
        self.executed.append((frame, view))
