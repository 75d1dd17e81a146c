"""Tasks that are forked from a process with everything loaded.

The process is the real one; what it runs is Python code in place of `nle-style run`, so that no
test waits for torch. The program itself is run so by `tests/cli/test_farm.py`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nle_style.render.farm import ADDRESS

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="tasks are forked on Linux only"
)

ROOT = Path(__file__).resolve().parents[3]
CLIENT = """
import sys
from nle_style.render.farm import end_with, run_preloaded
assert not {"torch", "typer"} & set(sys.modules), "a task's start loads nothing slow"
end_with(lambda: sys.exit({None: "nothing there"}.get(code := run_preloaded(sys.argv[1:]), code)))
"""
SIGNALLED_IN_A_THREAD = """
import signal, threading, time
def signalled():
    time.sleep(2)  # the main thread waits by then
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
threading.Thread(target=signalled, daemon=True).start()
"""
ENDS_WITH_130 = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
print("ready", flush=True)
for _ in range(600):  # a long sleep would not be interrupted by a signal just before it
    time.sleep(0.1)
"""
SERVER = """
import sys
from pathlib import Path
from nle_style.render.farm import fork_server
fork_server._IDLE_SECONDS = float(sys.argv[3])
loaded = "loaded once"
def program():
    exec(sys.argv[1])
fork_server.serve_preloaded(int(sys.argv[1]), Path(sys.argv[2]), lambda: program)
"""


class Server:
    """One, with the folder of its socket."""

    def __init__(self, folder: Path, idle: float = 60, code: str = SERVER) -> None:
        folder.mkdir()
        self.address = folder / "socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.address))
            listener.listen()
            number = listener.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, str(number), folder, str(idle)],
                pass_fds=[number],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    def start(self, code: str, client: str = CLIENT, **more: object) -> subprocess.Popen[str]:
        """A client that has the process run some code."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), ADDRESS: str(self.address)}
        return subprocess.Popen(
            [sys.executable, "-c", client, code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, "NLE_STYLE_TEST": "its own"},
            **more,  # type: ignore[call-overload]
        )

    def run(self, code: str, given: str = "", **more: object) -> tuple[int, str, str]:
        """Its exit code, output and errors."""
        with self.start(code, **more) as client:
            out, err = client.communicate(given, timeout=30)
            return client.returncode, out, err


def _short_folder() -> Path:
    """One whose path leaves room for a socket's name, unlike pytest's."""
    return Path(f"/tmp/nle_style_test_{os.getpid()}_{time.monotonic_ns()}")  # noqa: S108


@pytest.fixture
def server() -> Iterator[Server]:
    folder = _short_folder()
    server = Server(folder)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(what: Callable[[], object]) -> None:
    for _ in range(200):
        if what():
            return
        time.sleep(0.05)
    raise AssertionError("ten seconds were not enough")


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_a_task_is_a_process_with_the_streams_and_surroundings_of_its_client(
    server: Server, tmp_path: Path
) -> None:
    code = "import os; print(loaded, os.getppid(), os.getcwd(), os.environ['NLE_STYLE_TEST'])"
    code += f"; print({ADDRESS!r} in os.environ, input(), file=sys.stderr); sys.exit(7)"
    ended, out, err = server.run(code, "typed\n", cwd=tmp_path)
    assert (ended, err) == (7, "False typed\n")
    assert out == f"loaded once {server.process.pid} {tmp_path} its own\n"


def test_what_a_task_does_is_not_seen_by_the_next(server: Server) -> None:
    assert server.run("import sys; sys.modules['math'].pi = 3; loaded = ''; print(1)")[1] == "1\n"
    assert server.run("import math; print(loaded, math.pi > 3)")[1] == "loaded once True\n"


@pytest.mark.parametrize(
    ("code", "ended", "told"),
    [
        ("", 0, ""),
        ("sys.exit('so')", 1, "so\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139, ""),
    ],
)
def test_exit_codes(code: str, ended: int, told: str, server: Server) -> None:
    assert server.run(code) == (ended, "", told)


def test_a_defect_is_a_traceback(server: Server) -> None:
    ended, out, err = server.run("print('before'); 1 / 0")
    assert (ended, out) == (1, "before\n")
    assert err.startswith("Traceback")
    assert err.endswith("ZeroDivisionError: division by zero\n")
    assert server.run("print(loaded)")[1] == "loaded once\n", "and the process is still there"


def test_a_signal_is_passed_on(server: Server) -> None:
    with server.start(ENDS_WITH_130) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
        client.send_signal(signal.SIGTERM)
        assert client.wait(timeout=30) == 130


def test_a_signal_that_does_not_interrupt_the_wait_is_passed_on(server: Server) -> None:
    """As when it comes just before the wait; here it is given to another thread than waits."""
    with server.start(ENDS_WITH_130, client=f"{SIGNALLED_IN_A_THREAD}{CLIENT}") as client:
        assert client.wait(timeout=30) == 130


def test_without_its_client_a_task_is_killed(server: Server) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with server.start(code) as client:
        assert client.stdout is not None
        task = int(client.stdout.readline())
        client.kill()
        _wait_for(lambda: not _runs(task))
    assert server.run("print(loaded)")[1] == "loaded once\n"


def test_without_the_process_a_task_is_killed_and_the_next_is_not_begun(server: Server) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with server.start(code) as client:
        assert client.stdout is not None
        task = int(client.stdout.readline())
        server.process.kill()
        assert client.wait(timeout=30) == 1
        assert client.stderr is not None
        assert client.stderr.read() == "nle-style: error: the preloaded process was killed\n"
        _wait_for(lambda: not _runs(task))
    assert server.run("print(loaded)") == (1, "", "nothing there\n")


def test_two_tasks_at_a_time(server: Server) -> None:
    """The second ends while the first runs, and who waits for the first still hears of its end."""
    with server.start("print(input(), flush=True)") as first:
        assert server.run("print(loaded)")[1] == "loaded once\n"
        assert first.communicate("typed\n", timeout=30)[0] == "typed\n"
        assert first.returncode == 0


@pytest.mark.parametrize("sent", [b"", b"\0\0", b"\0\0\0\0\0\0\0\x09{", b"\0\0\0\0\0\0\0\x01{"])
def test_a_request_that_is_none_is_passed_over(sent: bytes, server: Server) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(server.address))
        connection.sendall(sent)
    assert server.run("print(loaded)")[1] == "loaded once\n"


def test_it_ends_when_it_is_idle() -> None:
    folder = _short_folder()
    server = Server(folder, idle=0.1)
    assert server.process.wait(timeout=30) == 0
    assert not folder.exists()


def test_a_signal_that_does_not_interrupt_the_wait_ends_it() -> None:
    folder = _short_folder()
    server = Server(folder, code=f"{SIGNALLED_IN_A_THREAD}{SERVER}")
    assert server.process.wait(timeout=30) == 128 + signal.SIGTERM
    assert not folder.exists()


def test_it_is_started_for_this_user_alone_and_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    words = [sys.executable, "-m", "nle_style", "preload"]
    started = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout
    variable, _, address = started.removeprefix("openjd_env: ").strip().partition("=")
    assert variable == ADDRESS
    folder = Path(address).parent
    try:
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        monkeypatch.setenv(ADDRESS, address)
        subprocess.run([*words, "--stop"], timeout=60, check=True)
    _wait_for(lambda: not folder.exists())  # it reads the request when it has loaded
