"""`install nuke`: the lines are executed as Nuke would, with a stand-in for its module, and in the
oldest and the newest Python at hand too. Nuke itself is on no machine of ours."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from nle_style.cli.install import nuke_host
from nle_style.cli.install.installation import Installation
from nle_style.errors import InputError, NleStyleError
from tests.cli.install.stand_ins import pythons


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


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/Users/anna/.nuke"),
        ({"HOME": ""}, "/Users/anna/.nuke"),
        ({"HOME": "/studio/home", "USERPROFILE": "/Users/anna"}, "/studio/home/.nuke"),
    ],
)
def test_the_folder_is_under_home_where_that_is_set(
    environment: dict[str, str], folder: str
) -> None:
    assert nuke_host.default_folder(environment, Path("/Users/anna")) == Path(folder)
