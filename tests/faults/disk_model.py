"""A disk that loses whatever was not put on it: the system calls of a program, read from strace,
are done again in memory, with what fsync made durable kept apart from what was only written.

By POSIX a file's fsync makes its data durable and a folder's fsync its names; a name is not durable
because its file is. Real file systems keep more than that, so a program that survives here survives
there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

__all__ = ["Call", "Disk", "File", "Folder", "calls_of", "strace"]

_TRACED = (
    "openat,write,pwrite64,writev,lseek,fsync,fdatasync,ftruncate,rename,renameat,renameat2,"
    "unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,copy_file_range,sendfile"
)
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"(\d+) +(\w+\(.*?)(?:, )? <unfinished \.\.\.>$")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
_TOKEN = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?|<((?:\\x[0-9a-f]{2})*)>')


def strace(command: Sequence[object], log: Path, folder: Path) -> None:
    """Run a program under strace in a folder, or skip where that cannot be.

    Every fsync and every rename takes 20 ms more, as on a slow network: no order may rely on speed.
    """
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    probe = subprocess.run([program, "-o", "/dev/null", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("strace may not trace here")
    options = [
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-o",
        str(log),
        "-e",
        f"trace={_TRACED}",
    ]
    words = [program, *options, *map(str, command)]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=500, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Call:
    """One system call that succeeded: its texts (paths, data), the paths of its descriptors, its
    arguments as they were printed, and what it returned."""

    name: str
    texts: tuple[bytes, ...]
    descriptors: tuple[str, ...]
    arguments: str
    result: int


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def calls_of(log: Path) -> Iterator[Call]:
    """The successful calls of a log, in the order in which they ended."""
    waiting: dict[str, str] = {}
    for line in log.read_text().splitlines():
        begun, resumed = _BEGUN.match(line), _RESUMED.match(line)
        if begun:
            waiting[begun[1]] = begun[2]
            continue
        if resumed:
            line = f"{resumed[1]} {waiting.pop(resumed[1])}{resumed[2]}"
        match = _LINE.match(line)
        if match is None or int(match[4]) < 0:
            continue
        texts, descriptors = [], []
        for text, torn, descriptor in _TOKEN.findall(match[3]):
            assert not torn, "strace cut a text short"
            descriptors.append(_decoded(descriptor).decode()) if descriptor else texts.append(
                _decoded(text)
            )
        plain = _TOKEN.sub("", match[3])
        yield Call(match[2], tuple(texts), tuple(descriptors), plain, int(match[4]))


@dataclass
class File:
    """A file: what a program reads of it, and what is left of it after a power cut."""

    data: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


@dataclass
class Folder:
    """A folder: its names as a program sees them, and those that a power cut leaves."""

    names: dict[str, File | Folder] = field(default_factory=dict)
    durable: dict[str, File | Folder] = field(default_factory=dict)


class Disk:
    """What is under one folder. Feed it calls with `apply`.

    Args:
        root: absolute; it is there, empty and durable.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.top = Folder()
        self._opened: dict[int, tuple[str, File, int, bool]] = {}

    def inside(self, path: str) -> tuple[str, ...] | None:
        """The names that lead to a path from the root; None if it is not below it."""
        place = Path(path)
        if not place.is_relative_to(self.root) or place == self.root:
            return None
        return place.relative_to(self.root).parts

    def folder(self, path: str) -> Folder:
        """The folder that a path lies in."""
        at = self.top
        for name in (self.inside(path) or ())[:-1]:
            below = at.names[name]
            assert isinstance(below, Folder)
            at = below
        return at

    def at(self, path: str) -> File | Folder | None:
        """What stands under a path."""
        if Path(path) == self.root:
            return self.top
        return self.folder(path).names.get(Path(path).name)

    def apply(self, call: Call) -> str | None:
        """Do a call again. Returns: the path whose name it made, moved or took away, if it did."""
        paths = [text.decode(errors="replace") for text in call.texts]
        if call.name in ("unlinkat", "renameat", "renameat2", "mkdirat", "linkat", "openat"):
            bases = iter(call.descriptors)
            paths = [str(Path(next(bases, "/")) / path) for path in paths]
        if call.name in ("write", "pwrite64", "writev", "lseek", "ftruncate"):
            self._touch(call)
            return None
        if call.name in ("copy_file_range", "sendfile"):
            assert all(self.inside(path) is None for path in call.descriptors), "not modelled"
        elif call.name in ("fsync", "fdatasync"):
            self._sync(call.descriptors[0])
        elif call.name == "openat":
            return self._open(paths[0], call)
        elif all(self.inside(path) is not None for path in paths[-1:]):
            return self._rename(call.name, paths)
        return None

    def _open(self, path: str, call: Call) -> str | None:
        self._opened.pop(call.result, None)
        if self.inside(path) is None or "O_DIRECTORY" in call.arguments:
            return None
        file, made = self.at(path), None
        if file is None:
            assert "O_CREAT" in call.arguments, path
            file, made = File(), path
            self.folder(path).names[Path(path).name] = file
        if isinstance(file, File):
            if "O_TRUNC" in call.arguments:
                file.data.clear()
            self._opened[call.result] = (path, file, 0, "O_APPEND" in call.arguments)
        return made

    def _touch(self, call: Call) -> None:
        number = int(call.arguments.split(",")[0])
        opened = self._opened.get(number)
        if opened is None or not call.descriptors or call.descriptors[0] != opened[0]:
            return
        path, file, place, append = opened
        if call.name == "lseek":
            place = call.result
        elif call.name == "ftruncate":
            size = int(call.arguments.split(",")[1])
            file.data[:] = file.data[:size].ljust(size, b"\0")
        else:
            data = b"".join(call.texts)[: call.result]
            at = len(file.data) if append else place
            if call.name == "pwrite64":
                at = int(call.arguments.split(",")[-1])
            file.data[:] = file.data.ljust(at, b"\0")
            file.data[at : at + len(data)] = data
            place = place if call.name == "pwrite64" else at + len(data)
        self._opened[number] = (path, file, place, append)

    def _sync(self, path: str) -> None:
        if self.inside(path) is None and Path(path) != self.root:
            return
        what = self.at(path)
        if isinstance(what, Folder):
            what.durable = dict(what.names)
        elif what is not None:
            what.durable = bytes(what.data)

    def _rename(self, name: str, paths: list[str]) -> str:
        path = paths[-1]
        names = self.folder(path).names
        if name in ("mkdir", "mkdirat"):
            names[Path(path).name] = Folder()
        elif name in ("unlink", "unlinkat", "rmdir"):
            del names[Path(path).name]
        else:
            from_names = self.folder(paths[0]).names
            names[Path(path).name] = from_names[Path(paths[0]).name]
            if name.startswith("rename"):
                del from_names[Path(paths[0]).name]
        return path

    def is_durable(self, path: str) -> bool:
        """Whether a power cut leaves what stands under a path as it is, with all in it."""
        at = self.top
        for name in self.inside(path) or ():
            below = at.names.get(name)
            if below is None or at.durable.get(name) is not below:
                return False
            if isinstance(below, File):
                return below.durable == bytes(below.data)
            at = below
        return all(self.is_durable(f"{path}/{name}") for name in at.names)

    def write_out(self, to: Path, *, names_first: bool) -> None:
        """Put what a power cut leaves into an empty folder.

        Args:
            names_first: the names had reached the disk, and of the data only what had to; else
                nothing had that did not have to.
        """
        _write_out(self.top, to, names_first)


def _write_out(folder: Folder, to: Path, names_first: bool) -> None:
    to.mkdir(exist_ok=True)
    for name, what in (folder.names if names_first else folder.durable).items():
        if isinstance(what, File):
            (to / name).write_bytes(what.durable)
        else:
            _write_out(what, to / name, names_first)
