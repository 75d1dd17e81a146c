"""No command destroys a file that it did not make: overlapping names, links, other cases."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.helpers.command import nle_style
from tests.helpers.media_factory import ffmpeg, make
from tests.timeline.building import clip, timeline, track

pytestmark = pytest.mark.slow

SOURCES = ("a.mov", "b/a.mov", "A.mov", "a.red.mov", "s.0001.png", "m.png")
STEMS = ("a.red", "A.red", "a.red.red", "s.red", "cut.red", "b.red", "a.red.000000-000000")
ENDINGS = (
    *(".mov", ".manifest.jsonl", ".report.json", ".report.md", ".otio", ".baked.otio"),
    *("", ".000001.exr"),
)
NAMES = st.one_of(
    st.builds("{}{}".format, st.sampled_from(STEMS), st.sampled_from(ENDINGS)),
    st.builds(".{}.mov{}".format, st.sampled_from(STEMS), st.sampled_from((".lock", ".work"))),
    st.sampled_from((".nle_style.jsonl", "s.red/s.red.000001.exr", "s.red/notes.txt", "x.png")),
    st.sampled_from(("template.yaml", "farm.json", ".a.red.mov.work/notes.txt")),
)
KINDS = st.sampled_from(("text", "copy", "link", "symlink", "folder", "dangling"))
WORLDS = st.lists(st.tuples(NAMES, KINDS, st.sampled_from(SOURCES)), max_size=5)
CUT = ("a.mov", "b/a.mov")
CLIPS = st.lists(st.sampled_from(SOURCES[:4]), min_size=1, max_size=3)
COMMANDS = st.sampled_from(("render", "render s", "batch", "sheet", "farm", "run"))
MORE = st.lists(st.sampled_from(("--overwrite", "--no-resume")), unique=True)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources of different contents, and a cut of two of them."""
    folder = tmp_path_factory.mktemp("media")
    (folder / "b").mkdir()
    for number, name in enumerate(SOURCES[:4], 1):
        make(folder / name, frames=number, size="16x16")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=16x16", "-frames:v", 2, folder / "s.%04d.png")
    ffmpeg("-f", "lavfi", "-i", "color=white:s=16x16", "-frames:v", 1, folder / "m.png")
    return folder


def _lay_out(media: Path, folder: Path, things: list[tuple[str, str, str]]) -> None:
    shutil.copytree(media, folder, dirs_exist_ok=True)
    shots = [clip(name, (0, 1), (0, 1), url=(folder / name).as_uri(), rate=25) for name in CUT]
    otio.adapters.write_to_file(timeline(track(*shots)), str(folder / "cut.otio"))
    for name, kind, source in things:
        path = folder / name
        if os.path.lexists(path) or (os.path.lexists(path.parent) and not path.parent.is_dir()):
            continue
        path.parent.mkdir(exist_ok=True)
        if kind == "text":
            path.write_text(f"mine: {name}")
        elif kind == "folder":
            path.mkdir()
            (path / "mine.txt").write_text("mine")
        elif kind == "dangling":
            path.symlink_to(folder / "nowhere")
        elif kind == "symlink":
            path.symlink_to(folder / source)
        elif kind == "link":
            os.link(folder / source, path)
        else:
            shutil.copyfile(folder / source, path)


def _state(folder: Path) -> dict[str, object]:
    """What stands under every name: the bytes of a file, the target of a link."""
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        mode = path.lstat().st_mode
        name = path.relative_to(folder).as_posix()
        if stat.S_ISLNK(mode):
            found[name] = os.readlink(path)
        elif stat.S_ISREG(mode):
            found[name] = path.read_bytes()
    return found


def _words(
    command: str, clips: list[Path], folder: Path, pack: Path, more: list[str]
) -> list[object]:
    words: list[object] = ["--style", "red", "--strength", 0, "--pack", pack, "-o", folder, *more]
    if command == "render":
        return ["render", *clips, "--matte", folder / "m.png", *words]
    if command == "render s":
        return ["render", folder / "s.%04d.png", "--format", "exr", *words]
    if command == "farm":
        words = [word for word in words if word != "--no-resume"]
        return ["farm", *clips, "--results", folder, *words]
    if command == "batch":
        return ["batch", folder / "cut.otio", *words]
    if command == "sheet":
        overwrite = [word for word in more if word == "--overwrite"]
        return ["sheet", clips[0], "--pack", pack, "-o", folder / "x.png", *overwrite]
    items = ", ".join(f"{{source: {c}, look: {{styles: {{red: 1}}, strength: 0}}}}" for c in clips)
    job = folder / "job.yaml"
    job.write_text(
        f"nle_style_job: 1\nitems: [{items}]\noutput: {{directory: {folder}}}\npack: {pack}\n"
        f"control: {{overwrite: {str('--overwrite' in more).lower()},"
        f" resume: {str('--no-resume' not in more).lower()}}}\n"
    )
    return ["run", job]


def _read(command: str, clips: list[str]) -> set[str]:
    """The clips that a command reads."""
    shown = {"render s": (), "batch": CUT, "sheet": clips[:1]}
    return set(shown.get(command, clips))


@given(things=WORLDS, command=COMMANDS, clips=CLIPS, more=MORE)
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_stands_there_stays(
    things: list[tuple[str, str, str]],
    command: str,
    clips: list[str],
    more: list[str],
    media: Path,
    tiny_pack: Path,
) -> None:
    """Without `--overwrite` every file; with it all but those under the results' own names, and
    every file that is read. The same command again, and once more, changes no more than that."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _lay_out(media, folder, things)
        words = _words(command, [folder / each for each in clips], folder, tiny_pack, more)
        before = _state(folder)
        given_up: set[str] = set()
        if "--overwrite" in more:
            given_up = {"a.red.mov", *(each for each, _, _ in things)} - _read(command, clips)
            given_up |= {f"{each}/mine.txt" for each, kind, _ in things if kind == "folder"}
        for _ in range(2):
            done = nle_style(*words)
            assert "Traceback" not in done.err
            after = _state(folder)
            lost = {each for each in before if after.get(each) != before[each]}
            assert lost <= given_up, (lost - given_up, words, done.err)
            if done.code == 2 and not command.startswith("farm"):
                made = after.keys() - before.keys()
                assert not made or "refused" in done.err, (made, done.err)
