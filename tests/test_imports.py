"""The order of the rooms: imports run one way, in no circle, and plugins need nothing of ours.

    {errors, durable, …} <- {core, media, timeline} <- apply <- render <- desk <- cli

and so do those among the folders of a room. Callers take a folder's names from its `__init__`. The
checker is a function of source texts, so that the tests at the end can show it faults.
"""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.house import PACKAGE, House, circles_in, house_of

ROOT = Path(__file__).resolve().parents[1]

# Small modules at the package's root: every room may use them, and they use nothing but errors.
WORDS = {"errors", "durable", "sequence_names", "spans", "timecode"}
ROOMS_BELOW: dict[str, set[str]] = {
    **{word: {"errors"} - {word} for word in WORDS},
    "shipped": {*WORDS},
    "ownership": {*WORDS},
    "core": {*WORDS, "ownership"},
    "media": {*WORDS},
    "timeline": {*WORDS},
    "apply": {*WORDS, "core"},
    "render": {*WORDS, "ownership", "shipped", "core", "media", "timeline", "apply"},
    "desk": {*WORDS, "ownership", "shipped", "core", "media", "timeline", "apply", "render"},
    "cli": {*WORDS, "ownership", "shipped", "core", "media", "timeline", "apply", "render", "desk"},
    "__main__": {"errors", "apply", "cli"},
}
# Each command is loaded when it is called: `cli.main` takes it from its own module.
TOP = f"{PACKAGE}.cli"
# DaVinci Resolve and Nuke bring these themselves.
HOST_MODULES = {"nuke", "nukescripts", "DaVinciResolveScript", "fusionscript", "bpy"}
# Hosts run Python 3.9 to 3.13: newer than the one, or gone from the other.
NOT_IN_EVERY_PYTHON = {
    *("tomllib", "_typeshed", "asynchat", "asyncore", "distutils", "imp", "smtpd", "aifc"),
    *("audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib"),
    *("nis", "nntplib", "ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu"),
    "xdrlib",
}


def room_of(module: str) -> str:
    return module.split(".")[1]


def faults_in(house: House) -> list[str]:
    """What breaks the order of the house, one sentence each."""
    return [
        *_foreign(house),
        *_back_arrows(house),
        *_reaches(house),
        *_words_and_doors(house),
        *(f"circle: {' -> '.join(circle)}" for circle in circles_in(house.arrows)),
        *(f"circle: {' -> '.join(circle)}" for circle in circles_in(_by_module(house))),
    ]


def _foreign(house: House) -> Iterator[str]:
    for module in house.sources:
        if module != PACKAGE and room_of(module) not in ROOMS_BELOW:
            yield f"{module} is in no room of the house"


def _back_arrows(house: House) -> Iterator[str]:
    """Imports of the package root, and of a room that this one may not see, doors included."""
    pairs = {(each.module, each.target) for each in house.imports}
    pairs |= {
        (folder, module)
        for folder, names in house.doors.items()
        for module in names.values()
        if folder != PACKAGE and module.split(".")[0] == PACKAGE
    }
    for module, target in sorted(pairs):
        if target == PACKAGE:
            yield f"{module} imports the package root"
            continue
        room, other = room_of(module), room_of(target)
        if room in ROOMS_BELOW and other != room and other not in ROOMS_BELOW[room]:
            yield f"{module} imports {target}: {room} may not see {other}"


def _reaches(house: House) -> Iterator[str]:
    """Imports past a folder's `__init__`, and of an `__init__` by what stands in or below it."""
    for each in house.imports:
        from_top = each.module == f"{PACKAGE}.__main__" or each.module.startswith(f"{TOP}.")
        if from_top and each.target.startswith(f"{TOP}."):
            continue
        home = house.folder_of(each.target)
        inside = f"{house.folder_of(each.module)}.".startswith(f"{home}.")
        if home == PACKAGE:
            continue
        if each.target in house.folders and inside:
            yield f"{each.module} imports its own folder {each.target}: name the module"
        elif each.target in house.folders and each.home in house.folders:
            yield f"{each.module} imports a name that {each.target} does not give"
        elif each.target not in house.folders and not inside:
            yield f"{each.module} imports {each.target}: import from {home}"


def _words_and_doors(house: House) -> Iterator[str]:
    """Files beside sub-folders that are both: used by the sub-folders, and users of them."""
    for node, below in house.arrows.items():
        folder = house.folder_of(node)
        if node in house.folders or folder == PACKAGE:
            continue
        uses = any(n.startswith(f"{folder}.") and n in house.folders for n in below)
        users = [
            n
            for n, its in house.arrows.items()
            if node in its and n in house.folders and n.startswith(f"{folder}.")
        ]
        if uses and users:
            yield f"{node} uses folders beside it and is used by {users[0]}"


def _by_module(house: House) -> dict[str, set[str]]:
    arrows: dict[str, set[str]] = {}
    for each in house.imports:
        arrows.setdefault(each.module, set())
        if each.home not in house.folders:
            arrows[each.module].add(each.home)
    return arrows


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


HOUSE = house_of(ROOT / PACKAGE)
MODULES = sorted(HOUSE.sources)
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))


def test_imports_run_one_way() -> None:
    assert {f"{PACKAGE}.{room}" for room in ROOMS_BELOW} <= set(HOUSE.sources)
    assert faults_in(HOUSE) == []


def test_no_two_modules_have_one_name() -> None:
    names = Counter(name.rpartition(".")[2] for name in MODULES if name not in HOUSE.folders)
    assert [name for name, count in names.items() if count > 1] == []


TREES = ("nle_style", "plugins", "tests", "benchmarks", "scripts", "docs")


def test_folders_and_files_stay_small() -> None:
    folders = [
        folder
        for tree in TREES
        for folder in (ROOT / tree, *(ROOT / tree).rglob("*/"))
        if folder.name != "__pycache__"
    ]
    counts = {folder: sum(path.is_file() for path in folder.iterdir()) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > 12} == {}
    files = [path for folder in folders for path in folder.glob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {path: count for path, count in lines.items() if count > 400} == {}


@pytest.mark.parametrize("folder", sorted(HOUSE.folders))
def test_a_folder_says_what_it_is_for(folder: str) -> None:
    doc = ast.get_docstring(ast.parse(HOUSE.sources[folder]))
    assert doc
    assert doc.split("\n\n")[0].rstrip().endswith(".")


@pytest.mark.parametrize("module", [name for name in MODULES if name != f"{PACKAGE}.__main__"])
def test_all_lists_names_that_exist(module: str) -> None:
    loaded = importlib.import_module(module)
    names = getattr(loaded, "__all__", None)
    assert names is not None, f"{module} has no __all__"
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_plugins_need_python_and_their_host_alone(path: Path) -> None:
    # A script sees what lies beside it; the modules of a package import each other relatively.
    in_package = (path.parent / "__init__.py").is_file()
    siblings = set() if in_package else {other.stem for other in path.parent.iterdir()}
    assert foreign_imports(path.read_text(encoding="utf-8"), siblings) == set()


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


SMALL = {
    "nle_style": "",
    "nle_style.errors": "import math",
    "nle_style.core": "from nle_style.core.pack import StylePack",
    "nle_style.core.network": "from nle_style.errors import PackError",
    "nle_style.core.pack": "from nle_style.core.network import StyleNetwork",
    "nle_style.media": "",
    "nle_style.media.formats": "",
    "nle_style.media.movie": "from nle_style.media.movie.index import movie_index",
    "nle_style.media.movie.index": "import av\nfrom nle_style.errors import MediaError",
    "nle_style.media.movie.yuv": "from nle_style.media.movie.index import video_stream",
    "nle_style.media.write": "",
    "nle_style.media.write.mux": "from nle_style.media.movie import movie_index",
    "nle_style.apply": "",
    "nle_style.apply.look": "from nle_style.core import StylePack",
    "nle_style.render": "from nle_style.render.job import RenderJob",
    "nle_style.render.job": "from nle_style.media.movie import movie_index",
    "nle_style.cli": "",
    "nle_style.cli.main": "def run():\n    from nle_style.render import RenderJob",
}
FOLDERS = ("core", "media", "media.movie", "media.write", "apply", "render", "cli")


def faults_with(module: str = "nle_style", source: str = "") -> list[str]:
    folders = frozenset({"nle_style", *(f"nle_style.{name}" for name in FOLDERS)})
    return faults_in(House(SMALL | {module: source}, folders, {}))


def test_checker_passes_an_orderly_house() -> None:
    assert faults_with() == []


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("nle_style.errors", "import nle_style.core.pack", "errors may not see core"),
        ("nle_style.core.loss", "from nle_style.apply.look import Look", "core may not see apply"),
        ("nle_style.core.loss", "from nle_style.media import formats", "core may not see media"),
        ("nle_style.media.probe", "from nle_style.core import network", "media may not see core"),
        ("nle_style.media.probe", "from ..core import network", "media may not see core"),
        ("nle_style.media", "from ..core.network import x", "media may not see core"),
        ("nle_style.apply.tile", "import nle_style.media.formats", "apply may not see media"),
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
    # The same import may also reach too deep or close a circle: those are faults of their own.
    faults = [f for f in faults_with(module, source) if fault in f]
    assert len(faults) == 1
    assert faults[0].startswith(module)


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        (
            "nle_style.media.write.mux",
            "from nle_style.media.movie.index import open_movie",
            "import from nle_style.media.movie",
        ),
        ("nle_style.render.job", "import nle_style.media.movie.yuv", "import from nle_style.media"),
        ("nle_style.media.write.mux", "from nle_style.media.movie import hush", "does not give"),
        ("nle_style.core.pack", "from nle_style.core import StylePack", "its own folder"),
        ("nle_style.media.write.mux", "from nle_style.media import x", "its own folder"),
    ],
)
def test_checker_finds_what_goes_past_a_door(module: str, source: str, fault: str) -> None:
    faults = [f for f in faults_with(module, source) if fault in f]
    assert len(faults) == 1
    assert faults[0].startswith(module)


def test_checker_lets_a_folder_use_the_words_above_it() -> None:
    words = "from nle_style.media.formats import OutputSpec"
    assert faults_with("nle_style.media.write.mux", words) == []


def test_checker_finds_a_circle_within_a_folder() -> None:
    faults = faults_with("nle_style.core.network", "from nle_style.core.pack import StylePack")
    circle = "nle_style.core.network -> nle_style.core.pack -> nle_style.core.network"
    assert faults == [f"circle: {circle}"]


def test_checker_finds_a_circle_of_folders_that_is_none_of_modules() -> None:
    source = "from nle_style.media.write import quantise"
    faults = faults_with("nle_style.media.movie.yuv", source)
    circle = "nle_style.media.movie -> nle_style.media.write -> nle_style.media.movie"
    assert [f for f in faults if f.startswith("circle: ")] == [f"circle: {circle}"]


def test_checker_finds_a_circle_of_relative_imports() -> None:
    faults = faults_with("nle_style.core.network", "def late():\n    from .pack import StylePack")
    assert [fault for fault in faults if fault.startswith("circle: ")]


def test_checker_finds_a_file_that_is_a_word_and_a_door() -> None:
    both = SMALL | {
        "nle_style.media.formats": "from nle_style.media.movie import movie_index",
        "nle_style.media.write.mux": "from nle_style.media.formats import OutputSpec",
    }
    folders = frozenset({"nle_style", *(f"nle_style.{name}" for name in FOLDERS)})
    fault = "nle_style.media.formats uses folders beside it and is used by nle_style.media.write"
    assert faults_in(House(both, folders, {})) == [fault]


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
