"""Draw the panel of the Nuke node, tab by tab, from the list that the node itself is made from.

    python benchmarks/pictures/nuke_panel.py -o docs/pictures/nuke_panel.png

It is a drawing, not a screenshot: Nuke is not on this project's machines. Labels, order, lines and
defaults are the list's; fonts, widths and colours are not Nuke's.
"""

from __future__ import annotations

import argparse
import sys
import types
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import yaml
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugins" / "nuke"))
# The list only names Nuke's classes when a node is made from it.
sys.modules["nuke"] = types.ModuleType("nuke")

from nle_style_nuke.node.knobs import KNOBS, KnobSpec, enumeration_values  # noqa: E402

__all__ = ["draw_panel", "main"]

WIDTH, ROW, LABEL, PAD = 620, 30, 170, 10
PANEL, FIELD, EDGE, BUTTON = "#3a3a3a", "#262626", "#1a1a1a", "#535353"
TEXT, FAINT, ACCENT = "#d6d6d6", "#9a9a9a", "#b07ae0"
# What a node shows after a render, where its list only has what a new one begins with.
EXAMPLES = {
    "first": "1001",
    "last": "1048",
    "pack_info": "posters",
    "version_info": "nle_style 0.2.0",
    "last_result": "v001: 1001-1048 main",
}
_FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


class _Column:
    """One tab: rows of knobs from the top, `same_line` ones to the right of the one before."""

    def __init__(self, draw: ImageDraw.ImageDraw, left: int, styles: Sequence[str]) -> None:
        self.draw, self.left, self.styles = draw, left, styles
        self.font = ImageFont.truetype(str(_FONT), 14)
        self.x, self.y = left, PAD + ROW

    def add(self, spec: KnobSpec) -> None:
        width = round(self.font.getlength(spec.label)) + 24
        if spec.kind == "button" and self.x + width > self.left + WIDTH - PAD:
            self.x, self.y = self.left + PAD, self.y + ROW  # Nuke wraps a full line too
        elif not spec.same_line:
            self.x, self.y = self.left + LABEL, self.y + ROW
            if spec.kind == "button":
                self.x = self.left + PAD
            else:
                self._label(spec)
        getattr(self, f"_{spec.kind}")(spec)

    def _label(self, spec: KnobSpec) -> None:
        if spec.kind not in ("boolean", "heading"):
            wide = self.font.getlength(spec.label)
            self.draw.text((self.x - 8 - wide, self.y + 5), spec.label, TEXT, self.font)

    def _box(self, width: int, text: str, fill: str = FIELD, colour: str = TEXT) -> None:
        box = (self.x, self.y + 2, self.x + width, self.y + ROW - 3)
        self.draw.rounded_rectangle(box, 3, fill, EDGE)
        while text and self.font.getlength(text) > width - 14:
            text = text[:-1]
        self.draw.text((self.x + 7, self.y + 5), text, colour, self.font)
        self.x += width + 6

    def _enumeration(self, spec: KnobSpec) -> None:
        values = enumeration_values(spec, self.styles)
        self._box(210, spec.default or values[0], BUTTON)
        x, y = self.x - 22, self.y + 13
        self.draw.polygon([(x, y), (x + 8, y), (x + 4, y + 6)], TEXT)

    def _double(self, spec: KnobSpec) -> None:
        self._box(60, f"{spec.default:g}")
        low, high = spec.limits or (0.0, 1.0)
        x, y, long = self.x, self.y + ROW // 2, 240
        self.draw.line((x, y, x + long, y), FAINT, 2)
        at = x + long * (spec.default - low) / (high - low)
        self.draw.rectangle((at - 4, y - 8, at + 4, y + 8), BUTTON, TEXT)
        self.x += long

    def _int(self, spec: KnobSpec) -> None:
        self._box(80, EXAMPLES.get(spec.name, str(spec.default)))

    def _string(self, spec: KnobSpec) -> None:
        self._box(210, spec.default)

    def _file(self, spec: KnobSpec) -> None:
        self._box(250, spec.default)
        self._box(28, "…", BUTTON)

    def _boolean(self, spec: KnobSpec) -> None:
        box = (self.x, self.y + 7, self.x + 16, self.y + 23)
        self.draw.rectangle(box, FIELD, EDGE)
        self.draw.text((self.x + 24, self.y + 5), spec.label, TEXT, self.font)

    def _button(self, spec: KnobSpec) -> None:
        self._box(round(self.font.getlength(spec.label)) + 18, spec.label, BUTTON)

    def _text(self, spec: KnobSpec) -> None:
        text = EXAMPLES.get(spec.name, spec.default)
        self.draw.text((self.x, self.y + 5), text, FAINT, self.font)

    def _heading(self, spec: KnobSpec) -> None:
        y, end = self.y + ROW // 2, self.left + WIDTH - PAD
        self.draw.text((self.left + PAD, self.y + 5), spec.label, FAINT, self.font)
        wide = self.font.getlength(spec.label)
        self.draw.line((self.left + PAD + wide + 10, y, end, y), FAINT)


def draw_panel(styles: Sequence[str]) -> Image.Image:
    """The four tabs in two rows.

    Args:
        styles: the names that the lists of styles offer.
    """
    tabs: list[list[KnobSpec]] = []
    for spec in KNOBS:
        if spec.kind == "tab":
            tabs.append([])
        if spec.kind != "mark":
            tabs[-1].append(spec)
    lines = [2 + sum(not spec.same_line for spec in tab) for tab in tabs]
    heights = [ROW * (lines[0] + 1), ROW * (lines[1] + 1)]
    height = max(heights)
    small = ROW * (max(lines[2:]) + 1)
    image = Image.new("RGB", (2 * WIDTH + 3 * PAD, height + small + 3 * PAD), "#202020")
    draw = ImageDraw.Draw(image)
    bold = ImageFont.truetype(str(_FONT.with_name("DejaVuSans-Bold.ttf")), 14)
    for number, tab in enumerate(tabs):
        left = PAD + (number % 2) * (WIDTH + PAD)
        top = PAD + (number // 2) * (height + PAD)
        end = top + (height if number < 2 else small)
        draw.rounded_rectangle((left, top, left + WIDTH, end), 6, PANEL)
        draw.text((left + PAD, top + 8), f"NLEStyle1   {tab[0].label}", ACCENT, bold)
        column = _Column(draw, left, styles)
        column.y = top + 8
        for spec in tab[1:]:
            column.add(spec)
    return image


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "-o", "--output", type=Path, default=ROOT / "docs" / "pictures" / "nuke_panel.png"
    )
    path = parser.parse_args().output
    card = yaml.safe_load((ROOT / "models" / "posters.yaml").read_text(encoding="utf-8"))
    draw_panel(list(card["styles"])).save(path, optimize=True)
    print(path)


if __name__ == "__main__":
    main()
