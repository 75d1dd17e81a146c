"""The plugins' client against the real worker; no Nuke and no Resolve here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nle_style.render import read_job
from tests.helpers.client import load_client
from tests.helpers.clips import frame_md5s, make_clip


@pytest.fixture(scope="module")
def client() -> ModuleType:
    return load_client()


COMMAND = [sys.executable, "-m", "nle_style"]


def _job(client: ModuleType, clip: Path, folder: Path, pack: Path) -> Path:
    look = client.make_look({"red": 1.0}, strength=0.0)
    item = {"source": str(clip), "frames": None, "look": look}
    job = client.make_job([item], str(folder / "out"))
    job["pack"] = str(pack)
    client.write_json(job, str(folder / "job.json"))
    return folder / "job.json"


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("blue", {"blue": 1.0}),
        (" blue : 0.7 , fire:0.3", {"blue": 0.7, "fire": 0.3}),
        ("my look:2", {"my look": 2.0}),
    ],
)
def test_a_mix_is_names_and_weights(client: ModuleType, text: str, mix: dict[str, float]) -> None:
    assert client.parse_mix(text) == mix


@pytest.mark.parametrize("text", ["", "blue:", "blue:much", ":0.5", "blue,", "blue:0.7,blue:0.3"])
def test_what_is_no_mix_is_refused(client: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is no look: write blue, or blue:0.7,fire:0.3"):
        client.parse_mix(text)


def test_each_job_has_a_folder_of_its_own(client: ModuleType, tmp_path: Path) -> None:
    one, other = (Path(client.new_job_folder(str(tmp_path))) for _ in range(2))
    assert one != other
    assert {one.parent, other.parent} == {tmp_path / ".nle_style_jobs"}
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", one.name)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        client.new_job_folder(str(tmp_path / "file"))


@pytest.mark.slow
def test_cancel_stops_the_worker(client: ModuleType, tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=300)
    job = _job(client, clip, tmp_path, tiny_pack)
    worker = client.Worker(COMMAND, str(job), str(tmp_path / "log"))
    for event in worker.events():
        if event["event"] == "progress":
            break
    assert worker.cancel(patience=60) == 130
    assert not list((tmp_path / "out").glob("*.mov"))


def test_no_console_window_opens_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are no such flags every other value than 0 is refused."""
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    asked = []

    def started(*words: object, **options: object) -> None:
        asked.append(options["creationflags"])
        raise OSError(2, "No such file")

    monkeypatch.setattr(subprocess, "Popen", started)
    client = load_client()
    with pytest.raises(client.WorkerError):
        client.Worker(["nle-style"], "job.json", str(tmp_path / "log"))
    with pytest.raises(OSError, match="No such file"):
        client.list_packs(["nle-style"])
    assert asked == [0x08000000, 0x08000000]


def test_a_missing_interpreter_is_one_message(client: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(client.WorkerError, match="cannot be started"):
        client.Worker([str(tmp_path / "python")], "job.json", str(tmp_path / "log"))


def test_what_is_no_event_is_refused(client: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text("print('hello')\n")
    worker = client.Worker([sys.executable, str(script)], "job.json", str(tmp_path / "log"))
    with pytest.raises(client.WorkerError, match="hello"):
        list(worker.events())
    worker.wait()


def test_packs_are_listed(client: ModuleType, tiny_pack: Path) -> None:
    (tiny,) = client.list_packs(COMMAND, str(tiny_pack))
    assert (tiny["pack"], tiny["styles"][0]) == (tiny_pack.stem, "red")
    said = [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"]
    assert client.list_packs(said) == ["styles", "--json"]


@pytest.mark.parametrize(
    ("program", "said"),
    [("exit('one\\nno such pack')", "no such pack$"), ("exit(2)", "it wrote no reason$")],
)
def test_a_pack_that_is_refused_is_one_line(client: ModuleType, program: str, said: str) -> None:
    with pytest.raises(client.WorkerError, match=f"^nle_style cannot list its styles: {said}"):
        client.list_packs([sys.executable, "-c", program])


def test_a_worker_that_lists_nothing_is_told_apart(client: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        client.list_packs([sys.executable, "-c", "print('hello')"])
    with pytest.raises(OSError, match="python"):
        client.list_packs([str(tmp_path / "python")])
    with pytest.raises(subprocess.TimeoutExpired):
        client.list_packs([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.2)


def test_the_hosts_variables_are_left_out(client: ModuleType) -> None:
    host = {"PYTHONHOME": "/nuke", "QT_PLUGIN_PATH": "/nuke", "PATH": "/bin", "LANG": "C"}
    assert client.worker_environment(host) == {"PATH": "/bin", "LANG": "C"}


def test_a_job_is_watched_to_its_end(client: ModuleType, tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=6)
    job = _job(client, clip, tmp_path, tiny_pack)
    told: list[dict[str, object]] = []
    outcome = client.Worker(COMMAND, str(job), str(tmp_path / "log")).watch(told.append)
    assert (outcome.exit_code, outcome.message, outcome.cancelled) == (0, "", False)
    assert [event["event"] for event in told] == ["started", *["progress"] * 6, "item", "done"]
    assert frame_md5s(Path(outcome.items[0]["path"])) == frame_md5s(clip)


def test_a_job_is_written_run_and_cancelled_by_its_file(client: ModuleType, tmp_path: Path) -> None:
    """By a worker that says what it was started with, then waits to be cancelled."""
    program = tmp_path / "worker.py"
    program.write_text(
        "import json, os, sys, time\n"
        "print('its log', file=sys.stderr)\n"
        "print(json.dumps({'event': 'started', 'words': sys.argv[1:]}), flush=True)\n"
        "while not os.path.exists(json.load(open(sys.argv[2]))['control']['cancel_file']):\n"
        "    time.sleep(0.02)\n"
        "sys.exit(130)\n"
    )
    job = client.make_job([], str(tmp_path), cancel_file=str(tmp_path / "stop"))
    path, told = tmp_path / "job.json", []
    command = [sys.executable, str(program)]
    outcome = client.run_job(command, job, str(path), told.append, lambda: bool(told))
    assert (outcome.exit_code, outcome.cancelled) == (130, True)
    assert [event["words"] for event in told] == [["run", str(path), "--events"]]
    assert json.loads(path.read_text()) == job
    assert (tmp_path / "worker.log").read_text() == "its log\n"
    assert not (tmp_path / "stop").exists()


def test_a_file_is_written_whole_and_for_all_of_a_show(client: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "index.json"
    client.write_json({"frames": 3}, str(path))
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask
    with pytest.raises(TypeError):
        client.write_json({"frames": {3}}, str(path))
    assert json.loads(path.read_text()) == {"frames": 3}
    assert list(tmp_path.iterdir()) == [path]


def test_a_watched_job_is_cancelled_by_its_file(
    client: ModuleType, tiny_pack: Path, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=300)
    path = _job(client, clip, tmp_path, tiny_pack)
    job = json.loads(path.read_text())
    job["control"]["cancel_file"] = str(tmp_path / "stop")
    client.write_json(job, str(path))
    told: list[dict[str, object]] = []
    worker = client.Worker(COMMAND, str(path), str(tmp_path / "log"))
    outcome = worker.watch(told.append, lambda: len(told) > 3, str(tmp_path / "stop"))
    assert (outcome.exit_code, outcome.cancelled) == (130, True)
    assert "Cancelled" in outcome.message
    assert not (tmp_path / "stop").exists()
    assert len(told) < 300


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('no such thing')", "no such thing"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "exit code -9"),
        ('print(\'{"event": "error", "message": "disk full"}\'); exit(2)', "^disk full$"),
    ],
    ids=["crash", "killed", "told"],
)
def test_a_worker_that_fails_is_one_message(
    client: ModuleType, tmp_path: Path, program: str, said: str
) -> None:
    worker = client.Worker([sys.executable, "-c", program], "job.json", str(tmp_path / "log"))
    outcome = worker.watch()
    assert outcome.exit_code != 0
    assert re.search(said, outcome.message)


def test_no_worker_outlives_a_handler_that_fails(client: ModuleType, tmp_path: Path) -> None:
    program = 'import time; print(\'{"event": "started"}\', flush=True); time.sleep(600)'
    worker = client.Worker([sys.executable, "-c", program], "job.json", str(tmp_path / "log"))

    def fail(event: dict[str, object]) -> None:
        raise RuntimeError("the host is gone")

    with pytest.raises(RuntimeError, match="the host is gone"):
        worker.watch(fail)
    assert worker.wait() < 0


def test_a_job_says_where_it_runs_only_if_asked(client: ModuleType, tmp_path: Path) -> None:
    item = {"source": "/media/clip.mov", "frames": [0, 9], "look": client.make_look({"red": 1.0})}
    plain = client.make_job([item], "/renders")
    assert "pack" not in plain
    assert set(plain["control"]) == {"cancel_file", "resume"}
    job = client.make_job([item], "/renders", device="cpu", memory="4GiB", pack="posters")
    client.write_json(job, str(tmp_path / "job.json"))
    read = read_job(tmp_path / "job.json")
    assert (read.control.device, read.control.memory, read.pack) == ("cpu", "4GiB", "posters")
