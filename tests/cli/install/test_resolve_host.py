"""`install resolve`: its script is executed as a script menu does it, in the oldest and the newest
Python at hand too. Resolve itself is on no machine of ours."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nle_style.cli.install import resolve_host
from nle_style.cli.install.installation import Installation
from nle_style.errors import InputError
from tests.cli.install.stand_ins import pythons, resolve_package


def test_where_resolve_looks_for_scripts() -> None:
    place = resolve_host.scripts_folder
    blackmagic = "Blackmagic Design/DaVinci Resolve"
    assert place("linux", {"HOME": "/h"}) == Path(
        "/h/.local/share/DaVinciResolve/Fusion/Scripts/Utility"
    )
    assert place("darwin", {"HOME": "/Users/h"}) == Path(
        f"/Users/h/Library/Application Support/{blackmagic}/Fusion/Scripts/Utility"
    )
    assert place("win32", {"APPDATA": "C:/R"}) == Path(
        f"C:/R/{blackmagic}/Support/Fusion/Scripts/Utility"
    )
    with pytest.raises(InputError, match="no APPDATA"):
        place("win32", {"HOME": "/h"})
    with pytest.raises(InputError, match="'freebsd14' are not known"):
        place("freebsd14", {"HOME": "/h"})


def test_where_the_app_stores_build_looks(tmp_path: Path) -> None:
    place, home = resolve_host.app_store_folder, {"HOME": str(tmp_path)}
    assert place("darwin", home) is None, "it was never started"
    container = tmp_path / "Library" / "Containers" / "com.blackmagic-design.DaVinciResolveLite"
    container.mkdir(parents=True)
    scripts = "Data/Library/Application Support/Fusion/Scripts/Utility"
    assert place("darwin", home) == container / scripts
    assert place("linux", home) is None


@pytest.mark.parametrize("python", pythons("3.6", "3.9", "3.11", "3.13"))
def test_resolves_script_runs_the_menu(
    python: str, installation: Installation, tmp_path: Path
) -> None:
    resolve_package(installation)
    script, _ = resolve_host.install(tmp_path / "Utility", installation)
    assert script.name == "NLE Style.py"
    code = "import sys; exec(open(sys.argv[1]).read(), {'resolve': 'its object'})"
    done = subprocess.run([python, "-c", code, script], capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    expected = [list(installation.command), "1.2.3", installation.plugins, "its object"]
    assert ast.literal_eval(done.stdout) == expected


def test_resolves_script_loads_what_is_there_now(
    installation: Installation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Resolve keeps one interpreter for all its scripts: an update must not need a restart."""
    script, _ = resolve_host.install(tmp_path, installation)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        for text in ("one", "three"):
            resolve_package(installation, f"def run(names):\n    print({text!r})\n")
            exec(compile(script.read_bytes(), str(script), "exec"), {})  # noqa: S102
        assert capsys.readouterr().out.split() == ["one", "three"]
        resolve_package(installation, "def run(names):\n    raise ValueError('two\\nlines')\n")
        exec(compile(script.read_bytes(), str(script), "exec"), {})  # noqa: S102
        assert capsys.readouterr().out == "NLE Style: two lines\n"
    finally:
        sys.dont_write_bytecode = before
        for name in [name for name in sys.modules if name.startswith("nle_style_resolve")]:
            del sys.modules[name]
    shutil.rmtree(Path(installation.plugins) / "resolve")
    exec(compile(script.read_bytes(), str(script), "exec"), {})  # noqa: S102
    said = capsys.readouterr().out
    assert said.startswith("NLE Style: there is no ")
    assert said.count("\n") == 1


def test_resolves_script_goes_in_and_comes_out(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "Scripts" / "Utility"
    script, note = resolve_host.install(folder, installation)
    assert resolve_host.find(folder) == installation
    assert resolve_host.install(folder, installation) == []
    other = Installation(installation.command, "9", installation.plugins)
    assert resolve_host.install(folder, other) == [script]
    assert resolve_host.find(folder) == other
    assert note.name == "NLE Style - without Python.lua"
    assert resolve_host.uninstall(folder) == [script, note]
    assert list(folder.iterdir()) == []
    assert resolve_host.uninstall(folder) == []
    script.write_text("print('mine')\n")
    for act in (
        lambda: resolve_host.install(folder, installation),
        lambda: resolve_host.uninstall(folder),
    ):
        with pytest.raises(InputError, match="nle_style did not write"):
            act()
    assert script.read_text() == "print('mine')\n"


def test_the_note_is_text_that_lua_prints(installation: Installation, tmp_path: Path) -> None:
    """Not run: each line is a comment, or one string without quotes in it that is printed."""
    _, note = resolve_host.install(tmp_path, installation)
    first, *lines = note.read_text(encoding="ascii").splitlines()
    assert first.startswith("-- ")
    assert all(re.fullmatch(r'print\("[^"\\]*"\)', line) for line in lines)
    assert "nle-style batch" in note.read_text()
