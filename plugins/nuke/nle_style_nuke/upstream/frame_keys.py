"""What tells one picture of the graph from another: a key for each frame.

Foundry's NDK guide ("Op Hashing & Caching") says that an op's hash comes from its knobs' values and
its inputs' hashes at a frame and view. Which call makes a node take the hash of another frame is
not documented: after `nuke.frame(n)` NukeX 17.0v2 still gave frame 0's values (measured in public
by vfx-agent-toolkit). So a frame is validated as Nukomfy's input_cache_writer.py does it: by asking
for metadata at that frame and view. Then `showInfo` says the hash of the op of that frame, which is
taken if it is in the set of `opHashes`: both may list the ops of other frames too. Where it says no
such hash, all that are told count together. None of it was run in Nuke.

A hash is believed only if it is seen to follow the frame: where it is the same for every frame that
was asked for, and for the one behind them, nothing tells a still picture from a hash that stood
still, and all frames are written.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Sequence
from typing import Callable, cast

import nuke

__all__ = ["frame_keys"]

_HASH = re.compile(r"\bhash\b\W*(?:0x)?([0-9a-f]{6,})", re.IGNORECASE)
_OP = re.compile(r"Op for \{(.*?)\}(.*)")  # to the end of its line


def frame_keys(
    node: nuke.Node,
    source: nuke.Node,
    view: str,
    frames: range,
    how: Sequence[object],
    step: Callable[[str], None],
) -> dict[int, str]:
    """Frame -> key of its picture: by Nuke's hashes, the files that are read for it, and `how` it
    is written. A key that no other call gives where no hash is believed. Main thread only.

    Args:
        node: a OneView of `view` below the source, as an op's hash is made for the view it is asked
            in.
        source: whose files are looked at.
        step: told what is done next, before each frame; may raise Cancelled.
    """
    hashes = {}
    for frame in (*frames, frames.stop):
        step(f"Nuke looks at frame {frame} {view}")
        hashes[frame] = _hashes(node, frame, view)
    believed = len({tuple(each) for each in hashes.values()}) > 1
    keys = {}
    for frame in frames:
        seen = hashes[frame] if believed and hashes[frame] else [uuid.uuid4().hex]
        facts = [seen, _files(source, frame), *how]
        keys[frame] = hashlib.sha256(json.dumps(facts).encode("utf-8")).hexdigest()
    return keys


def _hashes(node: nuke.Node, frame: int, view: str) -> list[int]:
    nuke.frame(frame)
    node.forceValidate()
    node.metadata("nle_style/validated", frame, view)
    listed = {int(number) % 2**64 for number in node.opHashes()}
    info = nuke.showInfo(node) or ""
    ops = _OP.findall(info)
    own = _said("\n".join(rest for what, rest in ops if re.search(rf"\bframe={frame}\b", what)))
    return sorted((own & listed) or (listed | _said(info)))


def _said(info: str) -> set[int]:
    return {int(number, 16) % 2**64 for number in _HASH.findall(info)}


def _files(source: nuke.Node, frame: int) -> list[list[object]]:
    """The files a frame is read from: an op's hash need not know that one was written anew."""
    found = []
    for _node, names in source.fileDependencies(frame, frame):
        for name in cast("list[str]", names):
            try:
                stat = os.stat(str(name))
            except OSError:
                continue
            found.append([str(name), stat.st_size, stat.st_mtime_ns])
    return sorted(found)
