"""The plugins' folders: one-way imports, relative ones, and of a folder only what it offers."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
HOSTS = ("nuke", "resolve", "blender")
PACKAGES = [PLUGINS / host / f"nle_style_{host}" for host in HOSTS]

Module = tuple[str, ...]


def sources_of(package: Path) -> dict[Module, str]:
    """("folder", "module") -> source; a folder's `__init__` is ("folder",), the package's ()."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        name = parts[:-1] if parts[-1] == "__init__" else parts
        found[name] = path.read_text(encoding="utf-8")
    return found


def folder_of(module: Module, sources: Mapping[Module, str]) -> Module:
    """The folder that a module lies in; a folder lies in itself."""
    is_folder = any(other[:-1] == module for other in sources if other)
    return module if is_folder else module[:-1]


def imports_of(module: Module, sources: Mapping[Module, str], package: str) -> set[Module]:
    """The package's modules that one of them imports.

    Raises:
        ValueError: it names the package itself, which a host may have loaded under that name from
            elsewhere.
    """
    found = set()
    for node in ast.walk(ast.parse(sources[module])):
        if isinstance(node, ast.Import) and package in {a.name.split(".")[0] for a in node.names}:
            raise ValueError(f"{module} imports {package} by its name")
        if not isinstance(node, ast.ImportFrom):
            continue
        if not node.level:
            if (node.module or "").split(".")[0] == package:
                raise ValueError(f"{module} imports {package} by its name")
            continue
        folder = folder_of(module, sources)
        named = node.module.split(".") if node.module else []
        base = (*folder[: len(folder) - node.level + 1], *named)
        for alias in node.names:
            found.add((*base, alias.name) if (*base, alias.name) in sources else base)
    return found


def faults_in(sources: Mapping[Module, str], package: str) -> list[str]:
    """What breaks the order of a plugin's folders."""
    try:
        arrows = {module: imports_of(module, sources, package) for module in sources}
    except ValueError as fault:
        return [str(fault)]
    faults = []
    between: dict[Module, set[Module]] = {}
    for module, imported in arrows.items():
        home = folder_of(module, sources)
        for other in imported:
            folder = folder_of(other, sources)
            if folder in (home, ()):
                continue
            between.setdefault(home, set()).add(folder)
            if other != folder:
                faults.append(f"{module} imports {other}, not what its folder offers")
    for graph in (arrows, between):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as circle:
            faults.append(f"circle: {circle.args[1]}")
    return faults


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_imports_are_relative_and_run_one_way(package: Path) -> None:
    assert faults_in(sources_of(package), package.name) == []


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        (("actions",), "from plugin.words import Word", "by its name"),
        (("actions",), "import plugin.words", "by its name"),
        (("actions",), "from .node.knobs import KNOBS", "not what its folder offers"),
        (("node", "knobs"), "from ..render.steps import run", "not what its folder offers"),
        (("words",), "from .actions import run", "circle"),
        (("node", "knobs"), "from ..render import run", "circle"),
        (("node", "knobs"), "from . import panel", "circle"),
    ],
)
def test_the_checker_finds_faults(module: Module, source: str, fault: str) -> None:
    orderly = {
        (): "from .actions import run",
        ("words",): "import json",
        ("actions",): "from . import node\nfrom .render import run\nfrom .words import Word",
        ("node",): "from .knobs import KNOBS",
        ("node", "knobs"): "from ..words import Word",
        ("node", "panel"): "from .knobs import KNOBS",
        ("render",): "from .steps import run",
        ("render", "steps"): "from ..node import KNOBS",
    }
    assert faults_in(orderly, "plugin") == []
    assert any(fault in found for found in faults_in({**orderly, module: source}, "plugin"))
