"""An editing engine as judge: play a timeline with melt and see which frames come out.

The MLT document is written from the OpenTimelineIO objects alone and computes its own file
frames, so it can find nle_style wrong. It covers what a plain cut has: clips whose source range
counts at the media's rate, gaps, tracks stacked with the upper one on top, and dissolves.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av
import av.error
import numpy as np
import numpy.typing as npt
import opentimelineio as otio
import pytest

from tests.helpers.stamps import HEIGHT, WIDTH, Stamp, frames_of, read_stamp

__all__ = ["need_melt", "play", "stamps_of"]


def need_melt() -> str:
    """The path of melt; skips the test where it is not installed."""
    melt = shutil.which("melt")
    if melt is None:
        pytest.skip("melt is not installed (apt-get install melt): no editing engine to ask")
    return melt


def play(
    timeline: otio.schema.Timeline,
    rate: Fraction,
    folder: Path,
    *,
    media_starts: Mapping[str, int] | None = None,
) -> list[npt.NDArray[np.uint8]]:
    """Every frame that melt shows, HEIGHT x WIDTH x 3, uint8.

    Args:
        timeline: at `rate`, with media of HEIGHT x WIDTH at that rate.
        rate: frames per second.
        folder: where the document and melt's output are put.
        media_starts: the first frame's timecode, by path, for media without available range.
    """
    melt = need_melt()
    document, output = folder / "cut.mlt", folder / "played.mkv"
    cut = _Document(timeline, rate, dict(media_starts or {}))
    cut.write(document)
    # real_time=0: every frame, in order, on one thread.
    command = [melt, "-silent", str(document), "-consumer", f"avformat:{output}"]
    command += ["vcodec=ffv1", "pix_fmt=bgr0", "an=1", "real_time=0", "threads=1"]
    command += ["mlt_image_format=rgb", "terminate_on_pause=1"]
    _run(command, output)
    frames = list(frames_of(output))
    assert len(frames) == cut.length, f"melt played {len(frames)} frames of {cut.length}"
    return frames


def _run(command: list[str], output: Path) -> None:
    """Run melt; start it again where it did not start working.

    On a busy machine melt 7.12 sometimes loses the race between its main thread and its
    consumer's (seen in gdb: only main is left, in nanosleep, and nothing is written), about once
    in 30 runs; or it ends well and leaves a file without a header. Only these two are tried again:
    a film that can be opened is judged as it is. A render of these few frames takes half a second.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "SDL_AUDIODRIVER": "dummy"}
    for patience in (4, 8, 16, 32):
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=environment,
                check=False,
                timeout=patience,
            )
        except subprocess.TimeoutExpired:
            continue
        assert done.returncode == 0, done.stderr
        with contextlib.suppress(av.error.FFmpegError), av.open(str(output)):
            return
    pytest.fail("melt did not play in four attempts")


def stamps_of(frames: list[npt.NDArray[np.uint8]]) -> list[Stamp | str | None]:
    """The stamp of each frame, None for black, "mixed" within a dissolve."""
    found: list[Stamp | str | None] = []
    for frame in frames:
        try:
            found.append(read_stamp(frame))
        except ValueError:
            found.append("mixed")
    return found


class _Document:
    def __init__(
        self, timeline: otio.schema.Timeline, rate: Fraction, media_starts: dict[str, int]
    ) -> None:
        self.media_starts = media_starts
        self.producers: dict[str, str] = {}
        self.dissolves = 0
        self.root = ET.Element("mlt", {"LC_NUMERIC": "C"})
        ET.SubElement(
            self.root,
            "profile",
            {
                "width": str(WIDTH),
                "height": str(HEIGHT),
                "progressive": "1",
                "sample_aspect_num": "1",
                "sample_aspect_den": "1",
                "display_aspect_num": str(WIDTH),
                "display_aspect_den": str(HEIGHT),
                "frame_rate_num": str(rate.numerator),
                "frame_rate_den": str(rate.denominator),
                "colorspace": "709",
            },
        )
        video = [t for t in timeline.tracks if t.kind == "Video" and t.enabled]
        lists = [self._playlist(track, f"track{i}") for i, track in enumerate(video)]
        self.length = max(length for _, length in lists)
        # Where every track is blank melt shows no defined picture, so black lies under all.
        black = ET.SubElement(self.root, "producer", {"id": "black"})
        _property(black, "mlt_service", "color")
        _property(black, "resource", "#ff000000")
        # The producer alone would play for its default 15000 frames.
        background = ET.SubElement(self.root, "playlist", {"id": "background"})
        background.append(_entry("black", 0, self.length - 1))
        names = ["background", *(name for name, _ in lists)]
        main = self._tractor("main", names, self.length)
        for upper in range(1, len(names)):
            self._mix(main, "composite", 0, upper, self.length, {"progressive": "1"})

    def write(self, path: Path) -> None:
        ET.ElementTree(self.root).write(path, encoding="utf-8", xml_declaration=True)

    def _playlist(self, track: otio.schema.Track, name: str) -> tuple[str, int]:
        """Clips give the frames of a dissolve to a small tractor between them."""
        entries: list[ET.Element] = []
        length = 0
        for i, item in enumerate(track):
            if isinstance(item, otio.schema.Transition):
                before, after = _whole(item.in_offset), _whole(item.out_offset)
                dissolve = self._dissolve(track[i - 1], track[i + 1], before, after)
                entries.append(_entry(dissolve, 0, before + after - 1))
                length += before + after
                continue
            left = track[i - 1] if i else None
            right = track[i + 1] if i + 1 < len(track) else None
            lost_head = _whole(left.out_offset) if isinstance(left, otio.schema.Transition) else 0
            lost_tail = _whole(right.in_offset) if isinstance(right, otio.schema.Transition) else 0
            duration = _whole(item.trimmed_range().duration)
            if isinstance(item, otio.schema.Gap):
                entries.append(ET.Element("blank", {"length": str(duration)}))
                length += duration
                continue
            first = self._file_frame(item)
            last = first + duration - 1
            entries.append(self._cut(item, first + lost_head, last - lost_tail))
            length += duration - lost_head - lost_tail
        playlist = ET.SubElement(self.root, "playlist", {"id": name})
        playlist.extend(entries)
        return name, length

    def _dissolve(
        self, left: otio.schema.Clip, right: otio.schema.Clip, before: int, after: int
    ) -> str:
        self.dissolves += 1
        name, total = f"dissolve{self.dissolves}", before + after
        cut = self._file_frame(left) + _whole(left.trimmed_range().duration)
        sides = []
        for side, clip, first in (
            ("out", left, cut - before),
            ("in", right, self._file_frame(right) - before),
        ):
            playlist = ET.SubElement(self.root, "playlist", {"id": f"{name}.{side}"})
            playlist.append(self._cut(clip, first, first + total - 1))
            sides.append(f"{name}.{side}")
        tractor = self._tractor(name, sides, total)
        self._mix(tractor, "luma", 0, 1, total, {})
        return name

    def _cut(self, clip: otio.schema.Clip, first: int, last: int) -> ET.Element:
        """Frames of a file; melt hangs on frames that no file has, so they fail here."""
        available = clip.media_reference.available_range
        count = _whole(available.duration) if available else last + 1
        assert 0 <= first <= last < count, f"{clip.name} needs {first}-{last} of {count} frames"
        return _entry(self._producer(clip), first, last)

    def _producer(self, clip: otio.schema.Clip) -> str:
        path = _path(clip.media_reference.target_url)
        if path not in self.producers:
            self.producers[path] = f"producer{len(self.producers)}"
            producer = ET.SubElement(self.root, "producer", {"id": self.producers[path]})
            _property(producer, "mlt_service", "avformat")
            _property(producer, "resource", path)
        return self.producers[path]

    def _file_frame(self, clip: otio.schema.Clip) -> int:
        start = clip.trimmed_range().start_time
        available = clip.media_reference.available_range
        if available is None:
            return _whole(start) - self.media_starts[_path(clip.media_reference.target_url)]
        return _whole(start - available.start_time)

    def _tractor(self, name: str, tracks: list[str], length: int) -> ET.Element:
        tractor = ET.SubElement(self.root, "tractor", {"id": name})
        tractor.set("in", "0")
        tractor.set("out", str(length - 1))
        for track in tracks:
            ET.SubElement(tractor, "track", {"producer": track})
        return tractor

    def _mix(
        self,
        tractor: ET.Element,
        service: str,
        lower: int,
        upper: int,
        length: int,
        properties: Mapping[str, str],
    ) -> None:
        transition = ET.SubElement(tractor, "transition", {"in": "0", "out": str(length - 1)})
        for key, value in {
            "mlt_service": service,
            "a_track": str(lower),
            "b_track": str(upper),
            **properties,
        }.items():
            _property(transition, key, value)


def _entry(producer: str, first: int, last: int) -> ET.Element:
    return ET.Element("entry", {"producer": producer, "in": str(first), "out": str(last)})


def _property(element: ET.Element, name: str, value: str) -> None:
    ET.SubElement(element, "property", {"name": name}).text = value


def _whole(time: otio.opentime.RationalTime) -> int:
    assert abs(time.value - round(time.value)) < 0.01, f"{time} is not on a frame"
    return round(time.value)


def _path(url: str) -> str:
    return unquote(urlsplit(url).path) if url.startswith("file:") else url
