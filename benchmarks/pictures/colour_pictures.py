"""The pictures and figures of docs/colour.md.

    python benchmarks/pictures/colour_pictures.py [--out docs/pictures/colour] [--frame 60]
        [--style blue]

The scene is made: a frame of the bundled clip, taken to linear light, its highlights raised until
the brightest is 40. Prints how large an error becomes that the network makes, by the gain recombine
and by an inverse tone map.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from nle_style.apply import Look, Stylizer
from nle_style.core import load_pack
from nle_style.media.colour import SceneColour
from nle_style.media.colour.source_space import SourceColour
from nle_style.media.colour.transfer import linear_to_srgb, srgb_to_linear
from nle_style.media.source import probe_media, read_frames
from nle_style.shipped import find_pack

_CLIP = Path(__file__).parents[2] / "examples" / "bigbuckbunny.mp4"
_BRIGHTEST = 40
_CHANGE = 4 / 255
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
_HUES = ((1, 1, 1), (1, 0.55, 0.25), (1, 0.1, 0.05), (0.1, 0.8, 0.2), (0.1, 0.15, 1))
_JPEG = {"quality": 82, "optimize": True}


def linear_light() -> SceneColour:
    """Linear Rec.709, as an EXR that says nothing else is taken."""
    return SceneColour(SourceColour("linear", lambda rgb: rgb, lambda rgb: rgb))


def made_scene(frame: int) -> np.ndarray:
    """A frame as scene-linear light; what is brighter than a quarter is raised, up to 40."""
    light = srgb_to_linear(next(read_frames(probe_media(_CLIP), frame, frame)))
    luminance = light @ _LUMINANCE
    rise = np.clip((luminance - 0.25) / (luminance.max() - 0.25), 0, 1) ** 2
    return light * (1 + (_BRIGHTEST / light.max() - 1) * rise)[..., None]


def shown(linear: np.ndarray, stops: float = 0) -> np.ndarray:
    """As a plain sRGB viewer shows it, clipped."""
    return linear_to_srgb(np.clip(linear * np.float32(2.0**stops), 0, 1))


def draw_seen(scene: np.ndarray, path: Path) -> None:
    """Ramps and the made scene, clipped and through the knee."""
    stops = np.linspace(-5, 7, 900, dtype=np.float32)
    ramps = [np.exp2(stops)[:, None] * np.array(hue, np.float32) for hue in _HUES]
    chart = np.repeat(np.stack(ramps), 40, axis=0)
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    colour = linear_light()
    titles = ("clipped, as a plain sRGB viewer shows it", "what the network sees")
    for column, (title, show) in enumerate(zip(titles, (shown, colour.encode), strict=True)):
        axes = figure.add_subplot(2, 2, 1 + column)
        axes.imshow(show(chart), aspect="auto", extent=(-5, 7, 0, 1))
        axes.set(title=title, yticks=[], xlabel="stops over diffuse white")
        axes = figure.add_subplot(2, 2, 3 + column)
        axes.imshow(show(scene))
        axes.set_axis_off()
    figure.savefig(path, dpi=85, pil_kwargs=_JPEG)


def inverse_tone_map(painted: np.ndarray) -> np.ndarray:
    """The other way back: K's own inverse, 1 / (4 (1 - Y)), on what was painted."""
    light = srgb_to_linear(painted)
    luminance = light @ _LUMINANCE
    back = np.where(luminance < 0.5, luminance, 0.25 / np.maximum(1 - luminance, 1e-6))
    return light * (back / np.maximum(luminance, 1e-6))[..., None]


def draw_errors(path: Path) -> None:
    """Relative error over the source's value, of an identity network and of one that is off."""
    levels = np.geomspace(1e-3, 1000, 1200, dtype=np.float32)
    rgb = np.repeat(levels[None, :, None], 3, axis=2)
    colour = linear_light()
    display = colour.encode(rgb)
    rounding = colour.decode(display, np.nextafter(display, np.float32(0)), rgb)
    curves = [("identity network, off by one float32 rounding: gain recombine", rounding)]
    changed = [np.clip(display + sign * _CHANGE, 0, 1) for sign in (-1, 1)]
    errors: dict[str, list[np.ndarray]] = {"gain recombine": [], "inverse tone map": []}
    for sign, painted in zip("-+", changed, strict=True):
        for name, result in (
            ("gain recombine", colour.decode(display, painted, rgb)),
            ("inverse tone map", inverse_tone_map(painted)),
        ):
            curves.append((f"{sign}4/255: {name}", result))
            errors[name].append(np.abs(result - rgb).ravel() / rgb.ravel())
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.subplots()
    styles = ("k-", "C0-", "C3-", "C0--", "C3--")
    for style, (label, result) in zip(styles, curves, strict=True):
        error = np.abs(result - rgb)[0, :, 0] / levels
        axes.loglog(levels, np.maximum(error, 1e-9), style, label=label, linewidth=1.3)
    axes.axhline(1e-3, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="scene-linear value", ylabel="relative error", ylim=(1e-9, 1e3))
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=95, pil_kwargs=_JPEG)
    bright = np.concatenate([levels > 0.18] * 2).repeat(3)
    print(f"off by 4/255, values 0.18-1000; identity: {np.abs(rounding / rgb - 1).max():.1e}")
    for name, parts in errors.items():
        error = np.concatenate(parts)[bright]
        print(f"{name}: median {np.median(error):.1%}, p99 {np.percentile(error, 99):.3g}")


def draw_painted(scene: np.ndarray, style: str, path: Path) -> None:
    """The scene and its painting, as they are, at a low exposure, and through the knee."""
    look = Look({style: 1.0}, statistics="frame")
    stylizer = Stylizer(load_pack(find_pack(None)), look, torch.device("cpu"))
    colour = linear_light()
    display = colour.encode(scene)
    painted = colour.decode(display, stylizer.frame(display), scene)
    print(f"largest value: scene {scene.max():.1f}, painted {painted.max():.1f}")
    figure = Figure(figsize=(12, 5), layout="constrained")
    for row, (name, picture) in enumerate((("scene", scene), (style, painted))):
        pictures = {
            "as it is": shown(picture),
            "exposure -5 stops": shown(picture, -5),
            "through the knee": colour.encode(picture),
        }
        for column, (title, image) in enumerate(pictures.items()):
            axes = figure.add_subplot(2, 3, 1 + 3 * row + column)
            axes.imshow(image)
            axes.set_title(f"{name}, {title}", fontsize=10)
            axes.set_axis_off()
    figure.savefig(path, dpi=85, pil_kwargs=_JPEG)


def main() -> None:
    """Draw the three pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/colour"))
    parser.add_argument("--frame", type=int, default=60, help="of the bundled clip, zero-based")
    parser.add_argument("--style", default="blue")
    args = parser.parse_args()
    scene = made_scene(args.frame)
    draw_seen(scene, args.out / "seen.jpg")
    draw_errors(args.out / "errors.jpg")
    draw_painted(scene, args.style, args.out / "painted.jpg")


if __name__ == "__main__":
    main()
