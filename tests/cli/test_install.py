"""`install nuke`, `install resolve` and what `doctor` says of them.

Neither host is on any machine of ours: a stand-in for Nuke's module executes the lines as Nuke
would, and Resolve's script is executed as a script menu does it, in the oldest and the newest
Python at hand too.
"""

from __future__ import annotations

import ast
import os
import plistlib
import shutil
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from nle_style.cli.install import hosts, nuke_host, resolve_host
from nle_style.cli.install.installation import Installation, this_installation
from nle_style.errors import InputError, NleStyleError
from tests.helpers.command import nle_style

HOSTILE = 'pla\'ce "of" é\\n{0} 日本'


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A program that says its version, and a folder of plugins of an awkward name."""
    program = tmp_path / "program.py"
    program.write_text("import sys\nassert sys.argv[1:] == ['--version']\nprint('1.2.3')\n")
    plugins = tmp_path / HOSTILE
    (plugins / "nuke").mkdir(parents=True)
    return Installation((sys.executable, str(program)), "1.2.3", str(plugins))


def pythons(*names: str) -> list[Any]:
    """Interpreters of these versions: pyenv's, else those on the path, else a skip."""
    found = []
    for name in names:
        kept = sorted(Path.home().glob(f".pyenv/versions/{name}.*/bin/python"))
        place = str(kept[-1]) if kept else shutil.which(f"python{name}")
        missing = pytest.mark.skipif(place is None, reason=f"there is no Python {name} here")
        found.append(pytest.param(place or "", id=name, marks=missing))
    return found


class Nuke(types.ModuleType):
    """As much of Nuke's module as the lines use."""

    def __init__(self) -> None:
        super().__init__("nuke")
        self.paths: list[str] = []
        self.fails = False

    def pluginAddPath(self, path: str) -> None:  # noqa: N802  (Nuke's name)
        if self.fails:
            raise RuntimeError("Nuke says\nno")
        self.paths.insert(0, path)

    def pluginPath(self) -> list[str]:  # noqa: N802  (Nuke's name)
        return self.paths


@pytest.fixture
def nuke(monkeypatch: pytest.MonkeyPatch) -> Nuke:
    module = Nuke()
    monkeypatch.setitem(sys.modules, "nuke", module)
    monkeypatch.setenv("NLE_STYLE_INSTALLATION", "")
    return module


def start_nuke(folder: Path) -> dict[str, Any]:
    """Execute init.py and menu.py as Nuke does at its start; returns init.py's names."""
    names: dict[str, Any] = {}
    for name in ("init.py", "menu.py"):
        spoken = (folder / name).read_bytes()
        ast.parse(spoken, feature_version=(3, 9))
        space: dict[str, Any] = {}
        exec(compile(spoken, name, "exec"), space)  # noqa: S102
        names = names or space
    return names


CONTENTS = {
    "none": None,
    "empty": b"",
    "usual": b"import nuke\nnuke.pluginAddPath('./gizmos')\n",
    "no last line ending": b"x = 1",
    "crlf": b"x = 1\r\nif x:\r\n\ty = 2\r\n",
    "crlf, no last": b"x = 1\r\ny = 2",
    "bom": b"\xef\xbb\xbfx = '\xc3\xa9'\n",
    "latin-1": b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
    "mixed": b"a = 1\r\nb = 2\nc = 3\r\n\r\n  \n",
    "python 2": b"print 'hello'\n",
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_lines_go_in_and_come_out_to_the_byte(
    kind: str, installation: Installation, tmp_path: Path
) -> None:
    folder, before = tmp_path / ".nuke", CONTENTS[kind]
    files = [folder / "init.py", folder / "menu.py"]
    if before is not None:
        folder.mkdir()
        for path in files:
            path.write_bytes(before)
    nuke_host.install(folder, installation)
    once = [path.read_bytes() for path in files]
    for text in once:
        assert text.startswith(before or b"")
        assert text.count(b"# >>> nle_style >>>") == 1
        endings = {line.endswith(b"\r\n") for line in text[len(before or b"") :].splitlines(True)}
        if kind.startswith("crlf"):
            assert endings == {True} or kind == "crlf, no last"
    stamps = [path.stat().st_mtime_ns for path in folder.iterdir()]
    assert nuke_host.install(folder, installation) == []
    assert [path.stat().st_mtime_ns for path in folder.iterdir()] == stamps
    assert nuke_host.uninstall(folder)
    assert [path.read_bytes() if path.exists() else None for path in files] == [before] * 2
    assert not (folder / "nle_style_installation.json").exists()
    assert nuke_host.uninstall(folder) == []


def test_nuke_starts_with_the_plugin(
    installation: Installation,
    tmp_path: Path,
    nuke: Nuke,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / ".nuke"
    nuke_host.install(folder, installation)
    names = start_nuke(folder)
    assert nuke.paths == [str(Path(installation.plugins) / "nuke")]
    record = Path(os.environ["NLE_STYLE_INSTALLATION"])
    assert record == folder / "nle_style_installation.json"
    assert capsys.readouterr().out == ""
    assert [name for name in names if "nle" in name] == []


@pytest.mark.parametrize("what", ["folder", "failure"])
def test_nuke_starts_without_it_and_says_so_in_one_line(
    what: str,
    installation: Installation,
    tmp_path: Path,
    nuke: Nuke,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / ".nuke"
    nuke_host.install(folder, installation)
    with (folder / "init.py").open("a") as file:
        file.write("after = True\n")
    if what == "folder":
        shutil.rmtree(installation.plugins)
    nuke.fails = True
    assert start_nuke(folder)["after"]
    said = capsys.readouterr().out.splitlines()
    if what == "folder":
        assert len(said) == 1
        assert "no folder" in said[0]
    else:
        assert said[0] == "nle_style is not loaded: Nuke says no"
        assert len(said) == 2
        assert said[1].startswith("nle_style has no menu: its lines in init.py have not run")


@pytest.mark.parametrize("python", pythons("3.7", "3.9", "3.13"))
def test_the_lines_in_other_pythons(
    python: str, installation: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / ".nuke"
    nuke_host.install(folder, installation)
    (tmp_path / "nuke.py").write_text(
        "paths = []\npluginAddPath = paths.append\ndef pluginPath():\n    return paths\n"
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\nimport nuke\n"
        "for name in ('init.py', 'menu.py'):\n"
        "    exec(compile(open(sys.argv[2] + '/' + name, 'rb').read(), name, 'exec'), {})\n"
        "print(ascii(nuke.paths))"
    )
    done = subprocess.run(
        [python, "-c", code, tmp_path, folder], capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    assert done.stdout.strip() == ascii([str(Path(installation.plugins) / "nuke")])


def test_another_installation_takes_the_place_of_the_lines(
    installation: Installation, tmp_path: Path, nuke: Nuke
) -> None:
    folder = tmp_path / ".nuke"
    folder.mkdir()
    (folder / "init.py").write_bytes(b"first = 1\n")
    nuke_host.install(folder, installation)
    with (folder / "init.py").open("ab") as file:
        file.write(b"last = 2\n")
    newer = tmp_path / "newer"
    (newer / "nuke").mkdir(parents=True)
    other = Installation(installation.command, "2.0", str(newer))
    assert len(nuke_host.install(folder, other)) == 3
    names = start_nuke(folder)
    assert (names["first"], names["last"]) == (1, 2)
    assert nuke.paths == [str(newer / "nuke")]
    found = nuke_host.find(folder)
    assert found is not None
    assert found.installation == other
    nuke_host.uninstall(folder)
    assert (folder / "init.py").read_bytes() == b"first = 1\nlast = 2\n"
    # It was not there before; what was, stays.
    assert not (folder / "menu.py").exists()


REFUSED = {
    "not utf-8": (b"x = '\xe9'\n", "cannot be read as Python's text"),
    "utf-16": ("x = 1\n".encode("utf-16"), "cannot be read as Python's text"),
    "unknown encoding": (b"# coding: klingon\n", "cannot be read as Python's text"),
    "no end": (b"# >>> nle_style >>>\nx = 1\n", "are damaged (1 beginnings, 0 ends)"),
    "twice": (b"# >>> nle_style >>>\n# <<< nle_style <<<\n" * 2, "are damaged (2 beginnings"),
}


@pytest.mark.parametrize("kind", [*REFUSED, "read-only", "a folder"])
def test_what_cannot_be_edited_is_left_alone(
    kind: str, installation: Installation, tmp_path: Path
) -> None:
    """The fault is in menu.py, which comes second: init.py must not have its lines by then."""
    folder = tmp_path / ".nuke"
    folder.mkdir()
    (folder / "init.py").write_bytes(b"x = 1\n")
    text, message = REFUSED.get(kind, (b"y = 1\n", {"a folder": "cannot be read"}.get(kind, kind)))
    menu = folder / "menu.py"
    if kind == "a folder":
        menu.mkdir()
    else:
        menu.write_bytes(text)
    if kind == "read-only":
        menu.chmod(0o444)
    with pytest.raises(NleStyleError) as caught:
        nuke_host.install(folder, installation)
    assert str(menu) in str(caught.value)
    assert message in str(caught.value)
    assert (folder / "init.py").read_bytes() == b"x = 1\n"
    assert kind == "a folder" or menu.read_bytes() == text
    assert sorted(path.name for path in folder.iterdir()) == ["init.py", "menu.py"]


def test_a_link_stays_a_link_and_rights_stay(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / ".nuke"
    folder.mkdir()
    kept = tmp_path / "dotfiles_init.py"
    kept.write_bytes(b"x = 1\n")
    kept.chmod(0o640)
    (folder / "init.py").symlink_to(kept)
    nuke_host.install(folder, installation)
    assert (folder / "init.py").is_symlink()
    assert b"nle_style" in kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o640


def test_a_foreign_record_is_left_alone(installation: Installation, tmp_path: Path) -> None:
    record = tmp_path / "nle_style_installation.json"
    record.write_text("[1]")
    with pytest.raises(InputError, match="not a record of nle_style"):
        nuke_host.install(tmp_path, installation)
    with pytest.raises(InputError, match="not a record of nle_style"):
        nuke_host.uninstall(tmp_path)
    assert record.read_text() == "[1]"


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


MENU = """
import json
def run(names):
    data = names["NLE_STYLE_INSTALLATION"]
    print(json.dumps([data["command"], data["version"], data["plugins"], names.get("resolve")]))
"""


def resolve_package(installation: Installation, menu: str = MENU) -> None:
    package = Path(installation.plugins) / "resolve" / "nle_style_resolve"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("")
    (package / "menu.py").write_text(menu)


@pytest.mark.parametrize("python", pythons("3.6", "3.9", "3.11", "3.13"))
def test_resolves_script_runs_the_menu(
    python: str, installation: Installation, tmp_path: Path
) -> None:
    resolve_package(installation)
    (script,) = resolve_host.install(tmp_path / "Utility", installation)
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
    (script,) = resolve_host.install(tmp_path, installation)
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
    (script,) = resolve_host.install(folder, installation)
    assert resolve_host.find(folder) == installation
    assert resolve_host.install(folder, installation) == []
    other = Installation(installation.command, "9", installation.plugins)
    assert resolve_host.install(folder, other) == [script]
    assert resolve_host.find(folder) == other
    assert resolve_host.uninstall(folder) == [script]
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


def test_a_sound_installation_is_said_to_be_one(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / ".nuke"
    assert hosts.examine_nuke(folder).startswith("not installed in ")
    nuke_host.install(folder, installation)
    assert hosts.examine_nuke(folder) == (
        f"{folder} starts 1.2.3 of another installation: {sys.executable}"
    )
    resolve_package(installation)
    environment = {"HOME": str(tmp_path)}
    assert hosts.examine_resolve("linux", environment, tmp_path).startswith("not installed in ")
    place = resolve_host.scripts_folder("linux", environment)
    resolve_host.install(place, installation)
    said = hosts.examine_resolve("linux", environment, tmp_path)
    assert said.startswith(f"{place} starts 1.2.3")
    assert said.endswith(f"; no DaVinci Resolve in {tmp_path}/opt/resolve")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": ("/no/such/python", "-m", "nle_style")}, "interpreter does not start"),
        ({"command": (sys.executable, "-c", "raise SystemExit('broken')")}, "ends with 1: broken"),
        ({"version": "1.0"}, "version 1.0 was installed, and 1.2.3 starts"),
        ({"plugins": "/no/such/folder"}, "/no/such/folder: the recorded folder of plugins is gone"),
    ],
)
def test_what_would_not_work_is_said(
    change: dict[str, Any], message: str, installation: Installation, tmp_path: Path
) -> None:
    broken = Installation(**{**vars(installation), **change})
    nuke_host.install(tmp_path, broken)
    with pytest.raises(NleStyleError) as caught:
        hosts.examine_nuke(tmp_path)
    assert message in str(caught.value)
    assert "Run `nle-style install nuke` again." in str(caught.value)


def test_half_an_installation_is_said_to_be_one(installation: Installation, tmp_path: Path) -> None:
    nuke_host.install(tmp_path, installation)
    (tmp_path / "menu.py").write_bytes(b"")
    with pytest.raises(InputError, match=r"half installed: menu\.py has nothing of nle_style"):
        hosts.examine_nuke(tmp_path)
    (tmp_path / "nle_style_installation.json").unlink()
    (tmp_path / "menu.py").write_bytes((tmp_path / "init.py").read_bytes())
    with pytest.raises(InputError, match=r"half installed: nle_style_installation\.json"):
        hosts.examine_nuke(tmp_path)


@pytest.mark.parametrize(
    ("title", "hint"),
    [
        ("About DaVinci Resolve Studio 21.1.2", "DaVinci Resolve Studio 21.1.2 in {}"),
        ("About DaVinci Resolve 19.0.3", "DaVinci Resolve 19.0.3 in {}"),
        (
            "About DaVinci Resolve 21.1",
            "DaVinci Resolve 21.1 in {}, which runs no Python scripts: use OTIO",
        ),
        ("Welcome", "DaVinci Resolve in {}, version and edition not known"),
    ],
)
def test_hints_of_the_edition_on_linux(title: str, hint: str, tmp_path: Path) -> None:
    docs = tmp_path / "opt" / "resolve" / "docs"
    docs.mkdir(parents=True)
    (docs / "ReadMe.html").write_text(f"<h1>{title}</h1> DaVinci Resolve Studio 18.0 could")
    if title == "Welcome":
        (docs / "ReadMe.html").unlink()
    assert hosts.resolve_hint("linux", {}, tmp_path) == hint.format(docs.parent)


def test_hints_of_the_version_elsewhere(tmp_path: Path) -> None:
    app = tmp_path / "Applications" / "DaVinci Resolve" / "DaVinci Resolve.app"
    assert hosts.resolve_hint("darwin", {}, tmp_path) == f"no DaVinci Resolve in {app}"
    (app / "Contents").mkdir(parents=True)
    found = f"in {app}, edition not known"
    assert hosts.resolve_hint("darwin", {}, tmp_path) == f"DaVinci Resolve {found}"
    facts = plistlib.dumps({"CFBundleShortVersionString": "20.3"})
    (app / "Contents" / "Info.plist").write_bytes(facts)
    assert hosts.resolve_hint("darwin", {}, tmp_path) == f"DaVinci Resolve 20.3 {found}"
    programs = {"PROGRAMFILES": str(tmp_path)}
    place = tmp_path / "Blackmagic Design" / "DaVinci Resolve"
    assert hosts.resolve_hint("win32", programs) == f"no DaVinci Resolve in {place}"


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    record = tmp_path / ".nuke" / "nle_style_installation.json"
    done = nle_style("install", "nuke")
    assert done.code == 0, done.err
    assert f"written: {record}" in done.out
    found = nuke_host.find(tmp_path / ".nuke")
    assert found is not None
    assert found.installation == this_installation()
    assert found.installation.command == (sys.executable, "-m", "nle_style")
    assert found.installation.version == version("nle-style")
    assert (Path(found.installation.plugins) / "client.py").is_file()
    assert "up to date" in nle_style("install", "nuke").out
    assert f"taken out: {record}" in nle_style("install", "nuke", "--uninstall").out
    assert "nothing of nle_style" in nle_style("install", "nuke", "--uninstall").out
    other = tmp_path / "other"
    assert nle_style("install", "resolve", "--dir", other).code == 0
    assert resolve_host.find(other) == this_installation()
    assert nle_style("install", "resolve").code == 0
    place = tmp_path / ".local/share/DaVinciResolve/Fusion/Scripts/Utility/NLE Style.py"
    assert place.is_file()
    assert f"removed: {place}" in nle_style("install", "resolve", "--uninstall").out
    (other / "NLE Style.py").write_text("mine")
    refused = nle_style("install", "resolve", "--dir", other)
    assert refused.code == 2
    assert "nle_style did not write" in refused.err


def test_the_version(tmp_path: Path) -> None:
    assert nle_style("--version").out.strip() == version("nle-style")
