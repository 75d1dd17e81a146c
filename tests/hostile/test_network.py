"""No command opens a network socket, and no medium makes the program open another file."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.errors import MediaError
from nle_style.media.source import probe_media
from tests.helpers.clips import make_clip
from tests.helpers.command import nle_style
from tests.hostile.program import ROOT
from tests.timeline.building import clip, timeline, track


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("media") / "movie.mov", frames=2, sound=False)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A server that must see nobody."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def _port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def _playlists(address: str) -> dict[str, str]:
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
    key = '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="{}"\n'
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    dash = "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static'><Period><AdaptationSet "
    dash += "mimeType='video/mp4'><Representation id='1'><BaseURL>{}</BaseURL></Representation>"
    return {
        "hls": hls.format(f"{address}/x.ts"),
        "hls-key": key.format(f"{address}/key") + "#EXTINF:9,\nsecret.ts\n#EXT-X-ENDLIST\n",
        "hls-file": hls.format("secret.ts"),
        "hls-passwd": hls.format("file:///etc/passwd"),
        "concat": f"ffconcat version 1.0\nfile {address}/x.mp4\n",
        "concat-file": "ffconcat version 1.0\nfile secret.ts\n",
        "sdp": f"{sdp}a=rtpmap:96 H264/90000\n",
        "dash": f"<?xml version='1.0'?>{dash.format(address)}</AdaptationSet></Period></MPD>",
    }


def test_playlists_are_not_followed(listening: socket.socket, movie: Path, tmp_path: Path) -> None:
    """By any suffix: neither to an address nor to a file that they name."""
    shutil.copyfile(movie, tmp_path / "secret.ts")
    assert probe_media(tmp_path / "secret.ts").frame_count == 2
    for name, text in _playlists(f"http://127.0.0.1:{_port(listening)}").items():
        for suffix in (".mp4", ".m3u8", ".mov", ".png"):
            path = tmp_path / f"{name}{suffix}"
            path.write_text(text)
            with pytest.raises(MediaError) as caught:
                probe_media(path)
            assert caught.value.where == str(path)
    with pytest.raises(TimeoutError):
        listening.accept()


_ALL = """
import json, sys
from tests.helpers.command import nle_style
outcomes = [nle_style(*words) for words in json.loads(sys.argv[1])]
assert not any("Traceback" in each.err for each in outcomes)
print(json.dumps([each.code for each in outcomes]))
"""
"""All commands in one process, which loads torch once."""


def _traced(tracer: str, trace: Path) -> list[str]:
    calls = "trace=socket,connect,bind,sendto,sendmsg,sendmmsg"
    return [tracer, "-f", "--seccomp-bpf", "-e", calls, "-o", str(trace), sys.executable]


def _sockets(trace: str) -> list[str]:
    """Lines of strace about sockets of a network."""
    return [line for line in trace.splitlines() if re.search(r"AF_INET6?\b", line)]


@pytest.mark.slow
def test_no_network_socket(
    listening: socket.socket, movie: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Of render, batch, farm, a farm's task, styles, sheet and doctor; strace is the witness."""
    tracer = shutil.which("strace")
    if tracer is None:
        pytest.skip("strace is not installed")
    address = f"127.0.0.1:{_port(listening)}"
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text(_playlists(f"http://{address}")["hls"])
    urls = [
        *(movie.as_uri(), playlist.as_uri(), f"http://{address}/a.mov", f"smb://{address}/b.mov"),
        *(f"file://{address}/share/c.mov", "file://server/share/d.mov", f"//{address}/e.mov"),
        *(f"\\\\{address}\\share\\f.mov", f"tcp://{address}", f"rtsp://{address}/g"),
    ]
    shots = [clip(str(n), (0, 2), (0, 2), url=url, rate=30) for n, url in enumerate(urls)]
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    trace = tmp_path / "trace.txt"
    look = ["--style", "red", "--pack", tiny_pack]
    bundle = tmp_path / "bundle"
    commands: list[list[object]] = [
        ["render", movie, playlist, "-o", tmp_path / "r", *look],
        ["batch", cut, "-o", tmp_path / "b", *look],
        ["farm", cut, "-o", bundle, *look],
        ["run", bundle / "farm.json", "--output", tmp_path / "f"],
        ["styles", "--pack", tiny_pack],
        ["sheet", movie, "-o", tmp_path / "sheet.png", "--pack", tiny_pack],
        ["doctor"],
    ]
    done = subprocess.run(
        [*_traced(tracer, trace), "-c", _ALL, json.dumps(commands, default=str)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [3, 3, 3, 0, 0, 0, 0]
    assert _sockets(trace.read_text()) == []
    assert "exited with 0" in trace.read_text()
    with pytest.raises(TimeoutError):
        listening.accept()


def test_strace_would_see_it(listening: socket.socket, tmp_path: Path) -> None:
    """Or the test above could not fail."""
    tracer = shutil.which("strace")
    if tracer is None:
        pytest.skip("strace is not installed")
    code = f"import socket; socket.create_connection(('127.0.0.1', {_port(listening)}))"
    trace = tmp_path / "trace.txt"
    subprocess.run([*_traced(tracer, trace), "-c", code], check=True)
    assert _sockets(trace.read_text())


def test_where_media_are_is_told(movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """Media elsewhere are refused clip by clip, with a remedy."""
    shots = [
        clip("web", (0, 2), (0, 2), url="http://127.0.0.1:9/a.mov", rate=30),
        clip("here", (0, 2), (0, 2), url=movie.as_uri(), rate=30),
    ]
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    look = ("--style", "red", "--pack", tiny_pack)
    done = nle_style("batch", cut, "-o", tmp_path / "out", *look, "--dry-run", "--json")
    assert done.code == 3, done.err
    assert "only local files are read" in json.dumps(json.loads(done.out))
