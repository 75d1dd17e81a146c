"""`nle-style install`, and what `doctor` says of the hosts."""

from __future__ import annotations

import plistlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from nle_style.cli.install import hosts, nuke_host, resolve_host
from nle_style.cli.install.installation import Installation, this_installation
from nle_style.errors import InputError, NleStyleError
from tests.cli.install.stand_ins import resolve_package
from tests.helpers.command import nle_style


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
    assert f"; no DaVinci Resolve in {tmp_path}/opt/resolve; no Python that its scripts" in said
    (tmp_path / "usr" / "bin").mkdir(parents=True)
    (tmp_path / "usr" / "bin" / "python3").touch()
    said = hosts.examine_resolve("linux", environment, tmp_path)
    assert said.endswith(f"; no DaVinci Resolve in {tmp_path}/opt/resolve")


def test_the_app_stores_folder_is_looked_in_too(installation: Installation, tmp_path: Path) -> None:
    resolve_package(installation)
    environment = {"HOME": str(tmp_path)}
    (tmp_path / "Library/Containers/com.blackmagic-design.DaVinciResolveLite").mkdir(parents=True)
    own = resolve_host.scripts_folder("darwin", environment)
    sandboxed = resolve_host.app_store_folder("darwin", environment)
    assert sandboxed is not None
    said = hosts.examine_resolve("darwin", environment, tmp_path)
    assert said.startswith(f"not installed in {own} (nle-style install resolve); not installed in")
    resolve_host.install(sandboxed, installation)
    said = hosts.examine_resolve("darwin", environment, tmp_path)
    assert said.startswith(f"{sandboxed} starts 1.2.3")
    assert f"; not installed in {own}" in said
    resolve_host.install(own, installation)
    assert hosts.examine_resolve("darwin", environment, tmp_path).startswith(f"{own} starts 1.2.3")


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
    assert (Path(found.installation.plugins) / "client" / "worker.py").is_file()
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
