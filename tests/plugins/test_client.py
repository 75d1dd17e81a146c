"""The plugins' client against the real worker; no Nuke and no Resolve here."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

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
    client.write_job(job, str(folder / "job.json"))
    return folder / "job.json"


def test_a_job_runs_to_its_end(client: ModuleType, tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=6)
    job = _job(client, clip, tmp_path, tiny_pack)
    worker = client.Worker(COMMAND, str(job), str(tmp_path / "log"))
    told = list(worker.events())
    assert worker.wait() == 0
    assert [event["event"] for event in told] == ["started", *["progress"] * 6, "item", "done"]
    assert frame_md5s(Path(told[-2]["path"])) == frame_md5s(clip)


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


def test_the_hosts_variables_are_left_out(client: ModuleType) -> None:
    host = {"PYTHONHOME": "/nuke", "QT_PLUGIN_PATH": "/nuke", "PATH": "/bin", "LANG": "C"}
    assert client.worker_environment(host) == {"PATH": "/bin", "LANG": "C"}
