"""The rooms of the package as its imports have them: their order, and a picture of it.

    python scripts/house.py docs/pictures/rooms.png

A *node* is what imports are compared by: a folder without sub-folders as a whole, and each file of
a folder that has some (a word that the sub-folders use, or a door that uses them). tests/
test_imports.py holds the rules that are checked on this; here nothing is judged.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["PACKAGE", "House", "Import", "circles_in", "house_of"]

PACKAGE = "nle_style"
ROOT = Path(__file__).resolve().parents[1]
LAYERS = (("",), ("core", "media", "timeline"), ("apply",), ("render",), ("desk",), ("cli",))


@dataclass(frozen=True)
class Import:
    """One import.

    Attributes:
        module: the module that imports.
        target: the module or folder that the statement names.
        home: the module in which the imported name is defined, as far as the folders'
            `__init__` tell; a folder where a name is not found in one.
    """

    module: str
    target: str
    home: str


@dataclass(frozen=True)
class House:
    """A package as the texts of its files.

    Attributes:
        sources: dotted module name -> text; a folder is its `__init__`.
        folders: those names that are folders.
        stubs: folder -> text of its `__init__.pyi`, which says what a lazy folder's names are.
    """

    sources: Mapping[str, str]
    folders: frozenset[str]
    stubs: Mapping[str, str]

    @cached_property
    def doors(self) -> dict[str, dict[str, str]]:
        """Folder -> public name -> the module that its `__init__` takes the name from."""
        found: dict[str, dict[str, str]] = {}
        for folder in self.folders:
            text = self.stubs.get(folder, self.sources[folder])
            found[folder] = {
                name: module for module, name in self._statements(text, folder) if name
            }
        return found

    @cached_property
    def imports(self) -> list[Import]:
        """Every import of one part of the package by another, at a file's top or anywhere in it;
        those of the folders' own `__init__` are not among them: they are `doors`."""
        found = []
        for module, text in self.sources.items():
            if module in self.folders:
                continue
            for target, name in self._statements(text, module):
                if target.split(".")[0] != PACKAGE:
                    continue
                home = target
                while home in self.folders and name in self.doors[home]:
                    home = self.doors[home][name]
                found.append(Import(module, target, home))
        return found

    def folder_of(self, module: str) -> str:
        """The folder that a module is in; a folder is in itself."""
        return module if module in self.folders else module.rpartition(".")[0]

    def node_of(self, module: str) -> str:
        """See the top of this file."""
        folder = self.folder_of(module)
        divided = any(other.startswith(f"{folder}.") for other in self.folders)
        return module if divided else folder

    @cached_property
    def arrows(self) -> dict[str, set[str]]:
        """Node -> the nodes that it imports from."""
        found: dict[str, set[str]] = {}
        for each in self.imports:
            node, below = self.node_of(each.module), self.node_of(each.home)
            found.setdefault(node, set())
            if node != below:
                found[node].add(below)
        return found

    def _statements(self, text: str, module: str) -> Iterator[tuple[str, str]]:
        """(module or folder, name) of every import; the name is "" where a module is imported."""
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                yield from ((alias.name, "") for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parents = module.split(".")
                    parents = parents[: len(parents) - node.level + (module in self.folders)]
                    base = ".".join([*parents, base] if base else parents)
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    yield (inner, "") if inner in self.sources else (base, alias.name)
            elif (
                isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
            ):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if called in ("import_module", "__import__"):
                    yield str(node.args[0].value), ""


def house_of(folder: Path) -> House:
    """The package in a folder, read from its files."""
    sources, folders, stubs = {}, set(), {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources[name] = path.read_text(encoding="utf-8")
        if parts[-1] == "__init__":
            folders.add(name)
            stub = path.with_suffix(".pyi")
            if stub.is_file():
                stubs[name] = stub.read_text(encoding="utf-8")
    return House(sources, frozenset(folders), stubs)


def circles_in(arrows: Mapping[str, object]) -> Iterator[list[str]]:
    """One circle for every import that closes one, found by walking down each path once."""
    finished: set[str] = set()
    path: list[str] = []

    def walk(node: str) -> Iterator[list[str]]:
        if node in path:
            yield [*path[path.index(node) :], node]
            return
        if node in finished:
            return
        path.append(node)
        for below in sorted(arrows.get(node, ())):  # type: ignore[call-overload]
            yield from walk(below)
        path.pop()
        finished.add(node)

    for node in arrows:
        yield from walk(node)


def draw(house: House, path: Path) -> None:
    """Draw the rooms, the lowest at the bottom: folders white, files blue, arrows to what they use
    in their own room."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyBboxPatch

    figure, axes = plt.subplots(figsize=(13, 12))
    axes.set_axis_off()
    bottom = 0.0
    for layer in LAYERS:
        rows = {room: _rows(house, room) for room in layer}
        height = max(5.5 + 5 * len(each) for each in rows.values())
        widest = [2 + max(len(row) for row in each) for each in rows.values()]
        left = 0.0
        for room, share in zip(layer, widest, strict=True):
            width = 100 * share / sum(widest)
            box = (left + 0.8, bottom + 0.6), width - 1.6, height - 1.2
            colours = {"facecolor": "#f3efe6", "edgecolor": "#8a8172"}
            axes.add_patch(FancyBboxPatch(*box, boxstyle="round,pad=0.2", **colours))
            axes.text(left + 2, bottom + height - 3, room or "(root)", weight="bold")
            _draw_room(axes, house, rows[room], (left, bottom, width))
            left += width
        bottom += height
    axes.set_xlim(0, 100)
    axes.set_ylim(0, bottom)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=70, bbox_inches="tight")


def _part_of(house: House, module: str) -> tuple[str, str]:
    """A module's room, "" for the package's own files, and the folder or file of it below that."""
    _, first, *rest = module.split(".")
    if f"{PACKAGE}.{first}" not in house.folders:
        return "", first
    name = f"{PACKAGE}.{first}.{rest[0]}"
    return first, rest[0] + "/" * (name in house.folders)


def _below(house: House, room: str) -> dict[str, set[str]]:
    """Every part of a room -> those that it uses."""
    modules = [module for module in house.sources if module not in house.folders]
    parts = [_part_of(house, module) for module in modules if not module.endswith("__main__")]
    below: dict[str, set[str]] = {part: set() for its_room, part in parts if its_room == room}
    for each in house.imports:
        if each.home not in house.folders:
            (room_1, user), (room_2, used) = (
                _part_of(house, module) for module in (each.module, each.home)
            )
            if room_1 == room_2 == room and user != used:
                below[user].add(used)
    return below


def _rows(house: House, room: str) -> list[dict[str, set[str]]]:
    """The parts of a room in rows, each with what it uses, which is in the rows before it."""
    below, rows, done = _below(house, room), [], set[str]()
    while len(done) < len(below):
        row = {part: used for part, used in below.items() if part not in done and used <= done}
        rows.append(row)
        done |= set(row)
    return rows


def _draw_room(
    axes: Any, house: House, rows: list[dict[str, set[str]]], box: tuple[float, float, float]
) -> None:
    left, bottom, width = box
    spots: dict[str, tuple[float, float]] = {}
    for height, row in enumerate(rows):
        for place, part in enumerate(row):
            x = left + width * (place + 0.5 + 0.15 * (height % 2)) / (len(row) + 0.15)
            spots[part] = x, bottom + 3 + 5 * height
    arrow = {"arrowstyle": "->", "color": "#b3a994", "shrinkA": 9, "shrinkB": 9}
    for row in rows:
        for part, used in row.items():
            for other in used:
                axes.annotate("", xy=spots[other], xytext=spots[part], arrowprops=arrow)
    for part, (x, y) in spots.items():
        colours = {
            "facecolor": "white" if part.endswith("/") else "#e3edf3",
            "edgecolor": "#5c7382",
        }
        axes.text(x, y, part, ha="center", va="center", bbox={"boxstyle": "round", **colours})


if __name__ == "__main__":
    draw(house_of(ROOT / PACKAGE), Path(sys.argv[1]))
