"""The order of the rooms: imports run one way, in no circle, and plugins need nothing of ours.

    {errors, durable} <- {core, media, timeline} <- apply <- render <- cli

The checker is a function of source texts, so that the tests at the end can show it faults.
"""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "nle_style"

ROOMS_BELOW: dict[str, set[str]] = {
    "errors": set(),
    "durable": set(),
    "core": {"errors", "durable"},
    "media": {"errors", "durable"},
    "timeline": {"errors", "durable"},
    "apply": {"errors", "durable", "core"},
    "render": {"errors", "durable", "core", "media", "timeline", "apply"},
    "cli": {"errors", "durable", "core", "media", "timeline", "apply", "render"},
    "__main__": {"errors", "apply", "render", "cli"},
}
# DaVinci Resolve and Nuke bring these themselves.
HOST_MODULES = {"nuke", "nukescripts", "DaVinciResolveScript", "fusionscript"}
# Hosts run Python 3.9 to 3.13: newer than the one, or gone from the other.
NOT_IN_EVERY_PYTHON = {
    *("tomllib", "_typeshed", "asynchat", "asyncore", "distutils", "imp", "smtpd", "aifc"),
    *("audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib"),
    *("nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu"),
    "xdrlib",
}


def sources_under(folder: Path) -> dict[str, Path]:
    """Dotted module name -> file, packages under their own name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(source: str, module: str, known: Mapping[str, object], *, package: bool) -> set[str]:
    """Every module that a source imports, at its top or anywhere in it, under its full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + package]
                base = ".".join([*parents, base] if base else parents)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                found.add(submodule if submodule in known else base)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                found.add(node.args[0].value)
    return found


def room_of(module: str) -> str:
    return module.split(".")[1]


def faults_in(sources: Mapping[str, str], packages: frozenset[str] = frozenset()) -> list[str]:
    """Back-arrows, imports of the root, unknown rooms and circles among the package's modules."""
    faults: list[str] = []
    arrows: dict[str, list[str]] = {}
    for module, source in sources.items():
        if module == PACKAGE:
            continue  # the root looks names up in the rooms when they are asked for
        if room_of(module) not in ROOMS_BELOW:
            faults.append(f"{module} is in no room of the house")
            continue
        imported = imports_of(source, module, sources, package=module in packages)
        ours = {name for name in imported if name.split(".")[0] == PACKAGE}
        if PACKAGE in ours:
            faults.append(f"{module} imports the package root")
        arrows[module] = sorted(ours - {PACKAGE})
        for name in arrows[module]:
            room, other = room_of(module), room_of(name)
            if other != room and other not in ROOMS_BELOW[room]:
                faults.append(f"{module} imports {name}: {room} may not see {other}")
    return faults + [f"circle: {' -> '.join(circle)}" for circle in circles_in(arrows)]


def circles_in(arrows: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """One circle for every import that closes one, found by walking down each path once."""
    finished: set[str] = set()
    path: list[str] = []

    def walk(module: str) -> Iterator[list[str]]:
        if module in path:
            yield [*path[path.index(module) :], module]
            return
        if module in finished:
            return
        path.append(module)
        for below in arrows.get(module, []):
            yield from walk(below)
        path.pop()
        finished.add(module)

    for module in arrows:
        yield from walk(module)


def foreign_imports(source: str, siblings: set[str]) -> set[str]:
    """What a plugin imports beyond Python's library, its host and the files beside it."""
    allowed = (set(sys.stdlib_module_names) - NOT_IN_EVERY_PYTHON) | HOST_MODULES | siblings
    tree = ast.parse(source, feature_version=(3, 9))
    # A relative import stays in the plugin; only an absolute one can leave it.
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names - allowed


def says_anything(path: Path) -> bool:
    """Whether a module holds more than a docstring."""
    return any(not isinstance(node, ast.Expr) for node in ast.parse(path.read_text()).body)


MODULES = sources_under(ROOT / PACKAGE)
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))


def test_imports_run_one_way() -> None:
    sources = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
    packages = frozenset(n for n, path in MODULES.items() if path.name == "__init__.py")
    assert {f"{PACKAGE}.{room}" for room in ROOMS_BELOW if room != "__main__"} <= set(sources)
    assert faults_in(sources, packages) == []


@pytest.mark.parametrize(
    "module",
    [n for n, path in MODULES.items() if path.name != "__main__.py" and says_anything(path)],
)
def test_all_lists_names_that_exist(module: str) -> None:
    loaded = importlib.import_module(module)
    names = getattr(loaded, "__all__", None)
    assert names is not None, f"{module} has no __all__"
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_plugins_need_python_and_their_host_alone(path: Path) -> None:
    home = ROOT / "plugins"
    folders = [f for f in path.parents if f == home or home in f.parents]
    siblings = {p.stem for folder in folders for p in folder.iterdir()} - {PACKAGE}
    assert foreign_imports(path.read_text(encoding="utf-8"), siblings) == set()


@pytest.mark.skipif(f"{PACKAGE}.cli.main" not in MODULES, reason="there is no command line yet")
def test_help_loads_no_torch() -> None:
    program = (
        "import sys\n"
        "from nle_style.cli.main import main\n"
        "sys.argv = ['nle-style', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as done:\n"
        "    assert not done.code, done.code\n"
        "print('loaded:', sorted({'torch', 'torchvision', 'av'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "render" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded: []"


HOUSE = {
    "nle_style": "",
    "nle_style.errors": "import math",
    "nle_style.core": "",
    "nle_style.core.network": "from nle_style.errors import PackError",
    "nle_style.core.pack": "from nle_style.core.network import StyleNetwork",
    "nle_style.media": "",
    "nle_style.media.source.frame_reader": "import av\nfrom nle_style.errors import MediaError",
    "nle_style.apply.look": "from nle_style.core import pack",
    "nle_style.render.job": "from nle_style.apply.look import Look\nimport nle_style.media.source.frame_reader",
    "nle_style.cli.main": "def run():\n    from nle_style.render.job import RenderJob",
}


def faults_with(module: str, source: str) -> list[str]:
    return faults_in(HOUSE | {module: source}, frozenset({"nle_style.core", "nle_style.media"}))


def test_checker_passes_an_orderly_house() -> None:
    assert faults_in(HOUSE) == []


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("nle_style.errors", "import nle_style.core.pack", "errors may not see core"),
        ("nle_style.core.loss", "from nle_style.apply.look import Look", "core may not see apply"),
        ("nle_style.core.loss", "from nle_style.media import read", "core may not see media"),
        (
            "nle_style.media.source.probe",
            "from nle_style.core import network",
            "media may not see core",
        ),
        ("nle_style.media.source.probe", "from ..core import network", "media may not see core"),
        ("nle_style.media", "from ..core.network import x", "media may not see core"),
        (
            "nle_style.apply.tile",
            "import nle_style.media.source.frame_reader",
            "apply may not see media",
        ),
        ("nle_style.render.run", "def f():\n    import nle_style.cli.main", "may not see cli"),
        ("nle_style.core.loss", "import_module('nle_style.render.job')", "may not see render"),
        ("nle_style.core.loss", "if TYPE_CHECKING:\n    import nle_style.cli", "may not see cli"),
        ("nle_style.core.loss", "import nle_style", "imports the package root"),
        ("nle_style.core.loss", "from nle_style import Stylizer", "imports the package root"),
        ("nle_style.core.loss", "from .. import Stylizer", "imports the package root"),
        ("nle_style.core", "from .. import Stylizer", "imports the package root"),
        ("nle_style.utils.misc", "", "is in no room of the house"),
    ],
)
def test_checker_finds_a_back_arrow(module: str, source: str, fault: str) -> None:
    # What is found twice, as a back-arrow and as the circle that it closes, counts once here.
    faults = [f for f in faults_with(module, source) if not f.startswith("circle: ")]
    assert len(faults) == 1
    assert faults[0].startswith(module)
    assert fault in faults[0]


def test_checker_finds_a_circle_within_a_room() -> None:
    faults = faults_with("nle_style.core.network", "from nle_style.core.pack import StylePack")
    circle = "nle_style.core.network -> nle_style.core.pack -> nle_style.core.network"
    assert faults == [f"circle: {circle}"]


def test_checker_finds_a_circle_of_relative_imports() -> None:
    faults = faults_with("nle_style.core.network", "def late():\n    from . import pack")
    assert [fault for fault in faults if fault.startswith("circle: ")]


def test_checker_finds_a_circle_of_three_and_a_module_of_itself() -> None:
    arrows = {"a": ["b"], "b": ["c", "d"], "c": ["a"], "d": []}
    assert list(circles_in(arrows)) == [["a", "b", "c", "a"]]
    assert list(circles_in({"a": ["a"]})) == [["a", "a"]]
    assert list(circles_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []})) == []


def test_checker_finds_what_a_plugin_may_not_import() -> None:
    source = "import json, os.path\nfrom . import panel\nimport nuke\nfrom client import Client\n"
    assert foreign_imports(source, {"client"}) == set()
    assert foreign_imports("from nle_style.errors import MediaError", {"client"}) == {"nle_style"}
    assert foreign_imports("def f():\n    import numpy.linalg", set()) == {"numpy"}
    assert foreign_imports("import tomllib, distutils.util", set()) == {"tomllib", "distutils"}


def test_checker_finds_syntax_newer_than_python_3_9() -> None:
    with pytest.raises(SyntaxError):
        foreign_imports("match x:\n    case 1:\n        pass\n", set())
