"""Every name of Nuke's that the plugin uses exists in the published stubs (types-nuke 13.2)."""

from __future__ import annotations

import ast
import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.nuke.doubles import fake_knobs, fake_nodes
from tests.plugins.nuke.doubles.fake_nuke import Studio
from tests.plugins.nuke.doubles.session import PLUGIN, Start

try:
    STUBS = Path(str(importlib.metadata.distribution("types-nuke").locate_file("nuke-stubs")))
except importlib.metadata.PackageNotFoundError:  # the extra [test] brings it
    pytest.skip("types-nuke is not installed", allow_module_level=True)

# What `nuke-stubs/__init__.pyi` imports with a star.
PARTS = ("_nuke", "utils", "callbacks", "colorspaces", "executeInMain", "overrides")
SOURCES = [path for path in sorted(PLUGIN.rglob("*.py")) if "cat" not in path.parts]


def stub_tree() -> list[ast.stmt]:
    return [
        statement
        for part in PARTS
        for statement in ast.parse((STUBS / f"{part}.pyi").read_text()).body
    ]


def names_in(body: list[ast.stmt]) -> set[str]:
    """What a module or class defines."""
    found = set()
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found.add(statement.target.id)
        elif isinstance(statement, ast.Assign):
            found |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
    return found


def methods_of(name: str) -> set[str]:
    """The methods of a class of the stubs and of those above it."""
    classes = {s.name: s for s in stub_tree() if isinstance(s, ast.ClassDef)}
    above = [base.id for base in classes[name].bases if isinstance(base, ast.Name)]
    return names_in(classes[name].body).union(*(methods_of(b) for b in above if b in classes))


def unknown_names(source: str) -> set[str]:
    """`nuke.X` and `nukescripts.X` of a source that the stubs do not have."""
    known = names_in(stub_tree())
    used: set[str] = set()
    for node in ast.walk(ast.parse(source, feature_version=(3, 9))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "nukescripts":
                used.add(f"nukescripts.{node.attr}")
            elif node.value.id == "nuke":
                used.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module in ("nuke", "nukescripts"):
            used |= {alias.name for alias in node.names}
    return used - known


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(PLUGIN).as_posix())
def test_every_name_of_nukes_is_in_the_stubs(path: Path) -> None:
    assert unknown_names(path.read_text(encoding="utf-8")) == set()


def test_the_scan_finds_names_that_nuke_does_not_have() -> None:
    source = "import nuke\nnuke.toNode('a')\nnuke.renderAll()\nnukescripts.start('x')\n"
    assert unknown_names(source) == {"renderAll", "nukescripts.start"}


def test_a_buttons_command_uses_known_names(start: Start) -> None:
    start()
    from nle_style_nuke.node.knobs import button_command

    assert unknown_names(button_command("render")) == set()
    assert unknown_names(button_command("render").replace("thisNode", "thatNode")) == {"thatNode"}


@pytest.mark.slow
def test_every_method_that_the_stubs_can_type_exists(tmp_path: Path) -> None:
    """mypy, strict, over the plugin with the stubs; a wrong method makes it red."""
    package = PLUGIN / "nle_style_nuke"
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import nuke\ndef f(node: nuke.Node) -> None:\n    node.renderAll()\n")
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}/cache"]
    for target, code in ((package, 0), (wrong, 1)):
        done = subprocess.run(
            [*command, str(target)], cwd=PLUGIN, capture_output=True, text=True, timeout=500
        )
        assert done.returncode == code, done.stdout + done.stderr


def test_the_stand_in_has_no_name_that_nuke_lacks() -> None:
    module = Studio().nuke
    ours = {name for name in dir(module) if not name.startswith("_")}
    assert ours - names_in(stub_tree()) == set()


@pytest.mark.parametrize(
    "ours",
    [
        *fake_knobs.KNOB_CLASSES.values(),
        *(fake_nodes.Node, fake_nodes.Group, fake_nodes.Root),
        *(fake_nodes.Format, fake_nodes.FrameRange),
        *(Studio().nuke.ProgressTask, Studio().nuke.Undo, Studio().nuke.CancelledError),
    ],
    ids=lambda kind: kind.__name__,
)
def test_the_stand_in_has_no_method_that_nuke_lacks(ours: type) -> None:
    public = {name for name in vars(ours) if not name.startswith("_")}
    assert public - methods_of(ours.__name__) == set()
