"""`install blender`: where its files go, and what they start; Blender itself loads them in
`tests/plugins/blender`."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from nle_style.cli.install import blender_host, hosts
from nle_style.cli.install.installation import Installation, this_installation
from nle_style.errors import InputError
from tests.cli.install.stand_ins import pythons
from tests.helpers.command import nle_style

ADDON = Path(__file__).resolve().parents[3] / "plugins" / "blender" / "addon"


@pytest.fixture
def blender(installation: Installation) -> Installation:
    """The same installation, with the add-on in its folder of plugins."""
    folder = Path(installation.plugins) / "blender" / "addon"
    folder.mkdir(parents=True)
    for path in ADDON.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return installation


@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("linux", "HOME", ".config/blender"),
        ("linux", "XDG_CONFIG_HOME", "blender"),
        ("darwin", "HOME", "Library/Application Support/Blender"),
        ("win32", "APPDATA", "Blender Foundation/Blender"),
    ],
)
def test_every_blender_that_was_started_has_its_folder(
    platform: str, variable: str, place: str, tmp_path: Path
) -> None:
    environment = {variable: str(tmp_path)}
    root = tmp_path / place
    with pytest.raises(InputError, match="Start Blender once") as caught:
        blender_host.addon_folders(platform, environment)
    assert str(root) in str(caught.value)
    for name in ("3.4", "4.1", "4.2", "5.0", "10.0", "recent"):
        (root / name).mkdir(parents=True)
    assert blender_host.addon_folders(platform, environment) == [
        *(root / name / "scripts/addons" for name in ("3.4", "4.1")),
        *(root / name / "extensions/user_default" for name in ("4.2", "5.0", "10.0")),
    ]


def test_both_descriptions_say_the_same() -> None:
    manifest = tomllib.loads((ADDON / "blender_manifest.toml").read_text())
    described = {
        node.targets[0].id: node.value
        for node in ast.parse((ADDON / "__init__.py").read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    info = ast.literal_eval(described["bl_info"])  # as Blender reads it
    assert manifest["id"] == blender_host.ADDON
    assert manifest["version"] == ".".join(map(str, info["version"])) == version("nle-style")
    assert (manifest["name"], manifest["tagline"]) == (info["name"], info["description"])
    # Blender's rules: at most 64 letters, and no full stop.
    for text in (manifest["tagline"], *manifest["permissions"].values()):
        assert len(text) <= 64
        assert text[-1].isalpha()


@pytest.mark.parametrize("python", pythons("3.9", "3.11", "3.13"))
def test_the_addon_starts_what_is_recorded(
    python: str, blender: Installation, tmp_path: Path
) -> None:
    package = Path(blender.plugins) / "blender" / "nle_style_blender"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "registration.py").write_text(
        "def register(command): print(command)\ndef unregister(): print('off')\n"
    )
    blender_host.install(tmp_path, blender)
    code = f"import {blender_host.ADDON} as a, sys; a.register(); a.register(); a.unregister()"
    code += "; assert 'nle_style_blender' not in sys.modules"
    done = subprocess.run(
        [python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    command = str(list(blender.command))
    assert done.stdout.splitlines() == [command, command, "off"]
    (package / "__init__.py").unlink()
    gone = subprocess.run(
        [python, "-c", f"import {blender_host.ADDON} as a; a.register()"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Run `nle-style install blender` again." in gone.stderr.splitlines()[-1]


def test_put_in_brought_up_to_date_and_taken_out(blender: Installation, tmp_path: Path) -> None:
    place = tmp_path / blender_host.ADDON
    files = [place / "__init__.py", place / "blender_manifest.toml"]
    assert blender_host.find(tmp_path) is None
    assert blender_host.install(tmp_path, blender) == files
    assert blender_host.find(tmp_path) == blender
    assert blender_host.install(tmp_path, blender) == []
    other = Installation(("/other/python",), "2.0", blender.plugins)
    assert blender_host.install(tmp_path, other) == files[:1]
    assert blender_host.find(tmp_path) == other
    (place / "__pycache__").mkdir()
    assert blender_host.uninstall(tmp_path) == files
    assert list(tmp_path.glob(f"{blender_host.ADDON}*")) == []
    assert blender_host.uninstall(tmp_path) == []


def test_what_is_not_ours_stays(blender: Installation, tmp_path: Path) -> None:
    place = tmp_path / blender_host.ADDON
    place.mkdir()
    (place / "blender_manifest.toml").write_text("mine")
    for call in (
        lambda: blender_host.install(tmp_path, blender),
        lambda: blender_host.uninstall(tmp_path),
    ):
        with pytest.raises(InputError, match="nle_style did not write"):
            call()
    assert [path.name for path in place.iterdir()] == ["blender_manifest.toml"]
    (place / "blender_manifest.toml").unlink()
    blender_host.install(tmp_path, blender)
    (place / "notes.txt").write_text("mine")
    blender_host.uninstall(tmp_path)
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


def test_doctor_sees_it(blender: Installation, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    assert hosts.examine_blender("linux", environment).startswith("not installed, and no Blender")
    for name in ("3.4", "5.0"):
        (tmp_path / ".config" / "blender" / name).mkdir(parents=True)
    old, new = blender_host.addon_folders("linux", environment)
    blender_host.install(old, blender)
    other = f"1.2.3 of another installation: {sys.executable}"
    assert hosts.examine_blender("linux", environment) == (
        f"{old} starts {other}; not installed in {new} (nle-style install blender)"
    )


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    refused = nle_style("install", "blender")
    assert (refused.code, "Start Blender once" in refused.err) == (2, True)
    for name in ("3.4", "5.0"):
        (tmp_path / ".config" / "blender" / name).mkdir(parents=True)
    done = nle_style("install", "blender")
    assert done.code == 0, done.err
    for folder in blender_host.addon_folders("linux", {"HOME": str(tmp_path)}):
        assert f"written: {folder / blender_host.ADDON / '__init__.py'}" in done.out
        assert blender_host.find(folder) == this_installation()
    assert nle_style("install", "blender").out.count("up to date") == 2
    assert nle_style("install", "blender", "--uninstall").out.count("removed: ") == 4
    assert nle_style("install", "blender", "--uninstall").out.count("no add-on of nle_style") == 2
    assert nle_style("install", "blender", "--dir", tmp_path / "other").code == 0
    assert blender_host.find(tmp_path / "other") == this_installation()
