"""Nothing of the user's is written over: sources, files of others, and ours that were edited."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.helpers.command import Outcome, events_of, nle_style
from tests.helpers.media_factory import ffmpeg, make
from tests.timeline.building import clip as shot
from tests.timeline.building import timeline, track


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("movie") / "a.mov", frames=2, size="32x18")


@pytest.fixture
def clip(movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """a.mov in the folder that everything happens in."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copyfile(movie, tmp_path / "a.mov"))


@pytest.fixture
def cut(clip: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cut.otio"
    one = shot("one", (0, 2), (0, 2), url=clip.as_uri(), rate=25)
    otio.adapters.write_to_file(timeline(track(one)), str(path))
    return path


@pytest.fixture
def styled(tiny_pack: Path) -> Callable[..., Outcome]:
    """A command in the style red, at strength 0."""

    def run(command: str, *words: object) -> Outcome:
        done = nle_style(command, *words, "--style", "red", "--strength", 0, "--pack", tiny_pack)
        assert "Traceback" not in done.err
        return done

    return run


def _state(folder: Path) -> dict[str, bytes]:
    """Every file, and every folder with a slash at its end."""
    return {
        path.relative_to(folder).as_posix() + "/" * path.is_dir(): b""
        if path.is_dir()
        else path.read_bytes()
        for path in folder.rglob("*")
    }


def _refused(done: Outcome, *texts: str) -> None:
    assert done.code == 2, (done.out, done.err)
    for text in texts:
        assert text in done.err, done.err


@pytest.mark.parametrize("more", ["", "--overwrite", "--no-resume"])
@pytest.mark.parametrize("name", ["a.red.mov", "a.red.manifest.jsonl", "a.red.report.json"])
@pytest.mark.parametrize("how", ["copy", "link", "symlink"])
def test_a_result_would_replace_a_source(
    how: str, name: str, more: str, clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    """Refused before anything starts, with both names, on purpose too."""
    if how == "copy":
        shutil.copyfile(clip, name)
        second = Path(name)
    else:
        second = Path(shutil.copyfile(clip, tmp_path / "b.mov"))
        os.link(second, name) if how == "link" else Path(name).symlink_to(second)
    before = _state(tmp_path)
    for words in (("-o", "."), ("-o", ".", "--dry-run")):
        done = styled("render", clip, second, *words, *more.split())
        _refused(done, name, "the result of a.mov would replace", second.name)
        assert _state(tmp_path) == before


@pytest.mark.parametrize("words", ["", "--dry-run", "--dry-run --json"])
def test_a_batch_would_replace_a_source(
    words: str, clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    shutil.copyfile(clip, "a.red.mov")
    shots = [
        shot(name, (0, 2), (0, 2), url=(tmp_path / name).as_uri(), rate=25)
        for name in ("a.mov", "a.red.mov")
    ]
    otio.adapters.write_to_file(timeline(track(*shots)), "cut.otio")
    before = _state(tmp_path)
    done = styled("batch", "cut.otio", "-o", ".", "--overwrite", *words.split())
    _refused(done, "a.red.mov", "the result of a.mov would replace")
    assert _state(tmp_path) == before


@pytest.mark.parametrize("words", ["", "--dry-run"])
def test_a_batch_would_replace_its_timeline_or_its_map(
    words: str, cut: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    Path("looks.yaml").write_text("- clip: one\n  style: red\n")
    os.link("looks.yaml", "cut.red.report.md")
    before = _state(tmp_path)
    more = ("-o", ".", "--map", "looks.yaml", "--overwrite", *words.split())
    _refused(styled("batch", cut, *more), "cut.red.report.md", "would replace looks.yaml")
    assert _state(tmp_path) == before


def test_a_matte_a_pack_and_a_job_are_read(
    clip: Path, tiny_pack: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    ffmpeg("-f", "lavfi", "-i", "color=white:s=32x18", "-frames:v", 1, "m.png")
    shutil.copyfile(tiny_pack, "a.red.manifest.jsonl")
    for read in ("m.png", "p.safetensors", "job.yaml"):
        Path("a.red.report.json").unlink(missing_ok=True)
        Path("a.red.manifest.jsonl").unlink(missing_ok=True)
        if read == "m.png":
            os.link(read, "a.red.report.json")
            done = styled("render", clip, "--matte", read, "-o", ".", "--overwrite")
        elif read == "p.safetensors":
            shutil.copyfile(tiny_pack, read)
            os.link(read, "a.red.report.json")
            done = nle_style(
                "render", clip, "--style", "red", "--pack", read, "-o", ".", "--overwrite"
            )
        else:
            item = f"{{source: {clip}, look: {{styles: {{red: 1}}, strength: 0}}}}"
            Path(read).write_text(
                f"nle_style_job: 1\nitems: [{item}]\noutput: {{directory: .}}\n"
                f"pack: {tiny_pack}\ncontrol: {{overwrite: true}}\n"
            )
            os.link(read, "a.red.report.json")
            done = nle_style("run", read)
        _refused(done, "a.red.report.json", f"would replace {read}")
        assert not Path("a.red.mov").exists()


FOREIGN = (
    "a.red.mov",
    "a.red.report.json",
    "a.red.manifest.jsonl",
    ".a.red.mov.lock",
    ".a.red.mov.work/mine.txt",
    "cut.red.otio",
    "cut.red.baked.otio",
    "cut.red.report.json",
    "cut.red.report.md",
)


@pytest.mark.parametrize("name", FOREIGN)
def test_anothers_file_is_refused_by_name_before_anything_is_painted(
    name: str, cut: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_bytes(b"mine")
    before = _state(tmp_path)
    for words in ((), ("--dry-run",), ("--events",), ("--workers", "2")):
        done = styled("batch", cut, "-o", out, *words)
        assert done.code == 2
        told = done.err if "--events" not in words else events_of(done.out)[-1]["message"]
        assert f"{out / name}: is not what nle-style wrote" in told
        assert "--overwrite" in told
        assert _state(tmp_path) == before, words
    if name.startswith(("a.red", ".a")):
        _refused(styled("render", "a.mov", "-o", out), str(out / name))
        _refused(styled("farm", "a.mov", "-o", "bundle", "--results", out), str(out / name))
        assert _state(tmp_path) == before
    assert styled("batch", cut, "-o", out, "--overwrite").code == 0
    assert styled("batch", cut, "-o", out).code == 0


def test_what_was_edited_is_refused_and_rendered_on_purpose(
    cut: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    """The same command again needs no leave, and says that all is there."""
    out = tmp_path / "out"
    for _ in range(2):
        assert styled("batch", cut, "-o", out).code == 0
    whole = _state(out)
    for name in ("a.red.mov", "cut.red.otio", "cut.red.baked.otio", "cut.red.report.md"):
        edited = whole[name] + b"\n"
        (out / name).write_bytes(edited)
        _refused(styled("batch", cut, "-o", out), f"{out / name}: is not what nle-style wrote")
        assert (out / name).read_bytes() == edited
        assert styled("batch", cut, "-o", out, "--overwrite").code == 0
        assert (out / name).read_bytes() == whole[name]
        assert styled("batch", cut, "-o", out).code == 0
    assert _state(out).keys() == whole.keys()


def test_an_edited_report_of_a_clip(
    clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    """It stays while its render is there; another look would replace it."""
    report = tmp_path / "a.red.report.json"
    assert styled("render", clip, "-o", ".").code == 0
    report.write_text(json.dumps({**json.loads(report.read_text()), "note": "mine"}))
    edited = report.read_bytes()
    assert styled("render", clip, "-o", ".").code == 0
    _refused(styled("render", clip, "-o", ".", "--colour", "source"), "a.red.report.json")
    assert report.read_bytes() == edited
    assert styled("render", clip, "-o", ".", "--colour", "source", "--overwrite").code == 0
    assert b"mine" not in report.read_bytes()


def test_frames_of_a_sequence_that_were_painted_over(
    clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    """A frame that is missing is rendered again; one that is not ours, or in another's place, and
    files of other names, are refused."""
    words = ("render", clip, "-o", tmp_path / "out", "--format", "exr")
    frames = tmp_path / "out" / "a.red"
    assert styled(*words).code == 0
    whole = _state(frames)
    first, second = sorted(whole)
    (frames / first).unlink()
    assert styled(*words).code == 0
    assert _state(frames) == whole
    for name, data in ((first, b"mine"), (first, whole[second])):
        (frames / name).write_bytes(data)
        _refused(styled(*words), f"{frames / name}: is not what nle-style wrote")
        assert (frames / name).read_bytes() == data
        assert styled(*words, "--overwrite").code == 0
        assert _state(frames) == whole
    (frames / "notes.txt").write_text("mine")
    for more in ((), ("--overwrite", "--colour", "source")):
        _refused(styled(*words, "--no-resume", *more), "notes.txt: is not what nle-style wrote")
    (frames / "notes.txt").unlink()
    assert styled(*words[:-1], "dpx").code == 0, "what is ours gives way to another format"
    assert [path.suffix for path in frames.iterdir()] == [".dpx"] * 2


def test_a_clip_of_the_timelines_name_keeps_its_report(
    clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    one = shot("one", (0, 2), (0, 2), url=clip.as_uri(), rate=25)
    otio.adapters.write_to_file(timeline(track(one)), "b.otio")
    shutil.copyfile(clip, "b.mov")
    assert styled("render", "b.mov", "-o", "out").code == 0
    report = (tmp_path / "out" / "b.red.report.json").read_bytes()
    assert styled("batch", "b.otio", "-o", "out").code == 0
    assert (tmp_path / "out" / "b.red.report.json").read_bytes() == report
    assert (tmp_path / "out" / "b.red.cut.report.json").exists()


def test_a_dry_run_unpacks_nothing(
    clip: Path, styled: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = shot("one", (0, 2), (0, 2), url="media/a.mov", rate=25)
    otio.adapters.write_to_file(timeline(track(one)), "content.otio")
    with zipfile.ZipFile("cut.otioz", "w") as bundle:
        bundle.write("content.otio")
        bundle.write(clip, "media/a.mov")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = _state(tmp_path)
    done = styled("batch", "cut.otioz", "-o", "out", "--dry-run", "--json")
    assert done.code == 0, done.err
    assert _state(tmp_path) == before
    data = json.loads(done.out)
    place = str(tmp_path / "out" / "cut.media" / "media" / "a.mov")
    assert [each["source"] for each in (*data["clips"], *data["intermediates"])] == [place] * 2
    assert styled("batch", "cut.otioz", "-o", "out").code == 0
    assert Path(place).exists()
    again = json.loads(styled("batch", "cut.otioz", "-o", "out", "--dry-run", "--json").out)
    assert [each["status"] for each in again["intermediates"]] == ["present"]
    data = (tmp_path / "out" / "cut.red.otioz").read_bytes()
    (tmp_path / "out" / "cut.red.otioz").write_bytes(data + b"mine")
    _refused(styled("batch", "cut.otioz", "-o", "out"), "cut.red.otioz")


@pytest.mark.parametrize("source", ["none.mov", "text.mov"])
def test_a_refused_run_leaves_no_folder(
    source: str, clip: Path, styled: Callable[..., Outcome], tmp_path: Path
) -> None:
    Path("text.mov").write_text("no movie")
    before = _state(tmp_path)
    for words in (("--workers", "1"), ("--workers", "2"), ("--frames", "7-9")):
        assert styled("render", source, "-o", "new/out", *words).code == 2
        assert _state(tmp_path) == before
    assert styled("render", clip, "-o", "new/out", "--frames", "7-9").code == 2
    _refused(styled("batch", source, "-o", "new/out"), source)
    _refused(styled("farm", source, "-o", "new/bundle"), source)
    assert _state(tmp_path) == before


def test_sheets_and_exports(clip: Path, tiny_pack: Path, tmp_path: Path) -> None:
    sheet = ("sheet", clip, "--pack", tiny_pack, "-o")
    for _ in range(2):
        assert nle_style(*sheet, "sheet.png").code == 0
    mine = Path("mine.png")
    mine.write_bytes(b"mine")
    os.link(clip, "clip.png")
    for name, why in (("mine.png", "is not what nle-style wrote"), ("clip.png", "which is read")):
        _refused(nle_style(*sheet, name), name, why)
    assert mine.read_bytes() == b"mine"
    _refused(nle_style(*sheet, "clip.png", "--overwrite"), "which is read")
    assert nle_style(*sheet, mine, "--overwrite").code == 0
    export = ("export", "nuke", "--style", "red", "--pack", tiny_pack, "-o", "N.pt")
    Path("N.json").write_text("mine")
    _refused(nle_style(*export), "N.json")
    assert not Path("N.pt").exists()
    Path("N.json").unlink()
    for _ in range(2):
        assert nle_style(*export).code == 0


def test_a_bundle_of_a_farm(clip: Path, styled: Callable[..., Outcome], tmp_path: Path) -> None:
    words = ("farm", clip, "-o", "bundle")
    for _ in range(2):
        assert styled(*words).code == 0
    (tmp_path / "bundle" / "template.yaml").write_text("edited: by hand")
    for more in ((), ("--dry-run",)):
        _refused(styled(*words, *more), "template.yaml: is not what nle-style wrote")
    assert styled(*words, "--overwrite").code == 0
    assert styled(*words).code == 0
    assert nle_style("run", "bundle/farm.json").code == 0
    assert nle_style("run", "bundle/farm.json").code == 0
    (tmp_path / "bundle" / "output" / "a.red.mov").write_bytes(b"mine")
    done = nle_style("run", "bundle/farm.json")
    _refused(done, "a.red.mov: is not what nle-style wrote")
