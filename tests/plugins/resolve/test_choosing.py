"""Ways to choose clips, the settings file, the windows, the menu and the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.resolve.conftest import PLUGIN, ROOT
from tests.plugins.resolve.doubles.fake_resolve import Resolve, Timeline
from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Track, Variant, World


@pytest.fixture
def three(one_clip: World, media: dict[str, Media]) -> World:
    """Two clips on V1, the second orange, and one on V2; the first and the last are selected."""
    one_clip.tracks.append(Track("Video 2"))
    second = one_clip.add(Clip("orange", 86420, 10, [Take(media["first"], 0, 10)], colour="Orange"))
    third = one_clip.add(Clip("above", 86440, 10, [Take(media["first"], 5, 15)]), 2)
    one_clip.selected = [third, one_clip.tracks[0].clips[0]]
    assert second.colour
    return one_clip


def test_the_ways_to_choose(three: World) -> None:
    from nle_style_resolve.clips import pick, ways
    from nle_style_resolve.host import HostError

    timeline = Timeline(three)

    def names(way: str, value: str = "") -> list[str]:
        return [picked.name for picked in pick(timeline, way, value)]

    three.marks = {"video": {"in": 19, "out": 25}}  # from the timeline's start
    assert names("range") == ["trimmed", "orange"]
    three.marks = {"video": {"in": 86420, "out": 86440}}  # absolute
    assert names("range") == ["orange", "above"]
    assert names("track", "2") == names("track", "V2") == ["above"]
    assert names("colour", "orange") == ["orange"]
    assert names("current") == ["above"]
    for way, value in (("track", "3"), ("colour", "Teal")):
        with pytest.raises(HostError, match=r"Nothing was done"):
            names(way, value)
    three.marks = {}
    with pytest.raises(HostError, match="no in and out marks"):
        names("range")
    if three.variant.recent:
        assert names("selected") == ["trimmed", "above"]
        assert ways(timeline)[0] == "selected"
        three.selected = []
        with pytest.raises(HostError, match="No video clip is selected"):
            names("selected")
    else:
        assert "selected" not in ways(timeline)
        with pytest.raises(HostError, match=r"came with 21\.0\.4"):
            names("selected")


def test_settings_are_kept(tmp_path: Path) -> None:
    from nle_style_resolve.asking.settings import (
        DEFAULTS,
        load_settings,
        problems_of,
        save_settings,
        settings_path,
    )

    path = tmp_path / "nle_style" / "resolve.json"
    assert load_settings(str(path)) == DEFAULTS
    assert problems_of(DEFAULTS) == []
    save_settings({**DEFAULTS, "style": "fire"}, str(path))
    assert load_settings(str(path))["style"] == "fire"
    assert list(path.parent.iterdir()) == [path]
    path.write_text('{"style": "ink", "unknown": 1}')
    assert load_settings(str(path)) == {**DEFAULTS, "style": "ink"}
    path.write_text("not JSON")
    assert load_settings(str(path)) == DEFAULTS
    home = {"HOME": "/home/ed", "APPDATA": "C:/Users/ed/AppData/Roaming"}
    assert settings_path("linux", home) == "/home/ed/.config/nle_style/resolve.json"
    assert settings_path("linux", {"XDG_CONFIG_HOME": "/x"}) == "/x/nle_style/resolve.json"
    assert settings_path("darwin", home).startswith("/home/ed/Library/Application Support/")
    assert settings_path("win32", home).startswith("C:/Users/ed/AppData/Roaming")


class FakeWindows:
    """UIManager and its dispatcher: each StepLoop does the next thing a user would."""

    def __init__(self, *steps: Callable[[FakeWindows], None]) -> None:
        self.steps = list(steps)
        self.windows: list[SimpleNamespace] = []
        self.texts: list[str] = []
        self.items: dict[str, Any] = {}
        self.fusion = SimpleNamespace(UIManager=self)
        self.bmd = SimpleNamespace(UIDispatcher=lambda ui: self)

    def __getattr__(self, name: str) -> Any:
        if name not in ("Label", "Button", "ComboBox", "LineEdit", "TextEdit", "VGroup", "HGroup"):
            raise AttributeError(name)

        def widget(about: Any) -> SimpleNamespace:
            if isinstance(about, list):
                return SimpleNamespace()
            made = SimpleNamespace(**{"Text": "", "CurrentIndex": 0, **about}, Items=[])
            made.AddItem = made.Items.append
            self.items[about.get("ID", "")] = made
            if "PlainText" in about:
                self.texts.append(about["PlainText"])
            return made

        return widget

    def AddWindow(self, place: dict[str, Any], content: list[Any]) -> SimpleNamespace:  # noqa: N802
        window = SimpleNamespace(
            On=defaultdict(SimpleNamespace),
            GetItems=lambda: self.items,
            Show=lambda: None,
            Hide=lambda: None,
        )
        self.windows.append(window)
        return window

    def StepLoop(self) -> None:  # noqa: N802
        self.steps.pop(0)(self)

    def press(self, name: str) -> None:
        self.windows[-1].On[name].Clicked({})


def test_the_windows_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    from nle_style_resolve.asking import Dialog
    from nle_style_resolve.asking.settings import DEFAULTS

    def choose(windows: FakeWindows) -> None:
        assert windows.items["way"].Items == ["Clip under the playhead", "colour", "Track"]
        assert windows.items["strength"].Text == "1.0"
        windows.items["strength"].Text = " 0.5 "
        windows.items["handles"].Text = "many"
        windows.items["way"].CurrentIndex = 2
        windows.press("style")

    windows = FakeWindows(choose)
    asked = Dialog(windows.fusion, windows.bmd).ask(
        DEFAULTS, ["current", "colour", "track"], ["blue", "fire"], []
    )
    expected = {**DEFAULTS, "strength": 0.5, "handles": "many", "way": "track"}
    assert asked == ("style", expected)
    assert windows.items["remove"].Enabled is False

    windows = FakeWindows(lambda w: w.press("remove"))
    asked = Dialog(windows.fusion, windows.bmd).ask(DEFAULTS, ["current"], [], ["one", "two"])
    assert asked == ("remove", "two")
    windows = FakeWindows(lambda w: w.windows[-1].On["NLEStyle"].Close({}))
    assert Dialog(windows.fusion, windows.bmd).ask(DEFAULTS, ["current"], [], []) is None


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path


def slow_worker(folder: Path) -> list[str]:
    """A worker that knows no styles, and works until it is cancelled."""
    path = folder / "worker.py"
    path.write_text(
        "import json, os, sys, time\n"
        'job = json.load(open(sys.argv[2]))\nprint(json.dumps({"event": "started"}), flush=True)\n'
        'while not os.path.exists(job["control"]["cancel_file"]):\n    time.sleep(0.02)\n'
        'print(json.dumps({"event": "cancelled", "message": ""}))\nsys.exit(130)\n'
    )
    return [sys.executable, str(path)]


def test_the_menu_with_windows(three: World, home: Path) -> None:
    """Settings, Style, Cancel, and the message; the project is as before."""
    from nle_style_resolve import menu

    def fill(windows: FakeWindows) -> None:
        windows.items["output"].Text = str(home / "out")
        windows.items["way"].CurrentIndex = windows.items["way"].Items.index("Track")
        windows.items["way_value"].Text = "1"
        windows.press("style")

    def stop(windows: FakeWindows) -> None:
        windows.press("cancel")

    windows = FakeWindows(fill, stop, *[lambda w: None] * 9, lambda w: w.press("close"))
    before = three.snapshot()
    names = {
        "resolve": Resolve(three),
        "fusion": windows.fusion,
        "bmd": windows.bmd,
        "NLE_STYLE_INSTALLATION": {"command": slow_worker(home)},
    }

    def forget(window: FakeWindows) -> None:
        window.steps = [lambda w: w.press("close")]

    windows.steps[2] = forget
    assert menu.run(names) is None
    assert windows.texts[-1].startswith("Cancelled.")
    assert three.snapshot() == before
    kept = json.loads((home / "nle_style" / "resolve.json").read_text())
    assert (kept["way"], kept["way_value"]) == ("track", "1")


def test_the_menu_without_windows(
    three: World, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from nle_style_resolve import menu

    names = {"app": SimpleNamespace(GetResolve=lambda: Resolve(three))}
    assert menu.run(names) is None
    assert "nle-style install resolve" in capsys.readouterr().out
    names["NLE_STYLE_INSTALLATION"] = {"command": slow_worker(home)}  # type: ignore[assignment]
    assert menu.run(names) is None
    said = capsys.readouterr().out
    path = home / "nle_style" / "resolve.json"
    assert str(path) in said
    assert json.loads(path.read_text())["format"] == "exr"


def test_the_client_is_loaded_anew_with_the_package() -> None:
    """The installed script forgets the package's modules, by their names, before each run."""
    from nle_style_resolve import menu
    from nle_style_resolve.asking import settings

    assert menu.client is settings.client is sys.modules["nle_style_resolve.client"]
    assert Path(menu.client.__file__) == PLUGIN.parent / "client" / "__init__.py"


def test_the_menu_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    from nle_style_resolve import menu

    assert menu.run({}) is None
    assert "runs in Resolve" in capsys.readouterr().out
    world = World(Variant(), product="DaVinci Resolve", version=[21, 1, 0])
    assert menu.run({"resolve": Resolve(world)}) is None
    assert "Without scripts" in capsys.readouterr().out


@pytest.mark.slow
def test_the_terminal(
    one_clip: World,
    command: list[str],
    settings: dict[str, Any],
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from nle_style_resolve.external import main
    from nle_style_resolve.host import Host

    host = Host(Resolve(one_clip))
    before = one_clip.snapshot()
    given = ["--track", "1", "--style", "red", "--strength", "0", "--pack", settings["pack"]]
    code = main([*given, "--handles", "3", "-o", settings["output"]], host, command)
    said = capsys.readouterr().out
    if one_clip.variant.lies:
        assert code == 3
        assert "1 failed" in said
        return
    assert code == 0
    assert "1 placed" in said
    (clip,) = one_clip.tracks[0].clips
    assert clip.chosen == 1
    assert main(["--remove"], host, command) == 0
    one_clip.bins.pop("NLE Style")
    assert one_clip.snapshot() == before
    assert main(["--remove"], host, command) == 2
    assert "no styled clips" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_line_passes_arguments_on(tmp_path: Path) -> None:
    """`nle-style resolve` in a process of its own, with a scripting module that finds nothing."""
    (tmp_path / "Modules").mkdir()
    module = tmp_path / "Modules" / "DaVinciResolveScript.py"
    module.write_text("def scriptapp(name):\n    return None\n")
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "RESOLVE_SCRIPT_API": str(tmp_path)}
    environment["PYTHONPATH"] = str(ROOT)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nle_style", "resolve", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = run("--current", "--style", "blue")
    assert done.returncode == 2
    assert "Resolve does not answer" in done.stderr
    assert "--in-out" in run("--help").stdout
    module.unlink()
    assert "cannot be loaded" in run("--current").stderr


def test_where_resolves_scripting_is() -> None:
    from nle_style_resolve.external import scripting_places

    api, library = scripting_places("win32", {"PROGRAMDATA": "D:\\Data"})
    assert api == "D:\\Data\\Blackmagic Design\\DaVinci Resolve\\Support\\Developer\\Scripting"
    assert library.endswith("fusionscript.dll")
    assert scripting_places("linux", {}) == (
        "/opt/resolve/Developer/Scripting",
        "/opt/resolve/libs/Fusion/fusionscript.so",
    )
    assert scripting_places("darwin", {"RESOLVE_SCRIPT_LIB": "x"})[1] == "x"
    assert (PLUGIN / "__main__.py").is_file()
