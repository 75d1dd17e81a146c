"""`nle-style info` for people: what a source or a timeline is, in lines."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nle_style.cli.people import print_table

__all__ = ["print_clip", "print_cut"]

_UNSTATED = 2
_FRAMES_AND_COLOUR = ("frames", "numbers", "colour")
_COLOURS = {  # H.273: primaries, transfer, matrix
    "primaries": {1: "BT.709", 5: "BT.601 625", 6: "BT.601 525", 9: "BT.2020", 12: "P3"},
    "transfer": {1: "BT.709", 4: "gamma 2.2", 6: "BT.601", 8: "linear", 13: "sRGB", 14: "BT.2020"}
    | {15: "BT.2020", 16: "PQ", 18: "HLG"},
    "matrix": {0: "RGB", 1: "BT.709", 5: "BT.601", 6: "BT.601", 9: "BT.2020"},
}


def print_clip(data: dict[str, Any]) -> None:
    """Print what `Inspection.as_data` gives."""
    console = Console(highlight=False)
    _print_source(data, console)


def print_cut(data: dict[str, Any]) -> None:
    """Print what `CutInspection.as_data` gives."""
    console = Console(highlight=False)
    rows, clips = [], data["clips"]
    for clip in clips:
        first, last = clip["frames"]
        place = " – ".join(clip["timeline"]) if clip["timeline"] else "–"
        shown = f"{Path(clip['source']).name} {first}-{last}"
        failed = clip["refused"]["outcome"] if clip["refused"] else ""
        rows.append((clip["name"], clip["track"], place, shown, failed))
    title = f"{Path(data['source']).name}: timeline"
    print_table(console, ("clip", "track", "timeline", "source", ""), rows, title=title)
    for each in data["media"]:
        _print_source(each, console)
    for refusal in data["refusals"]:
        where = f"clip '{refusal['clip_name']}' on {refusal['track_name']}"
        said = f"{where}: {refusal['reason']}. {refusal['remedy']}"
        _say(console, "red", refusal["outcome"], said)
    notes = [
        f"clip '{clip['name']}' on {clip['track']}: {clip['note']}"
        for clip in clips
        if clip["note"]
    ]
    for note in (*data["notes"], *notes):
        _say(console, "yellow", "note", note)
    skipped = len(data["skipped"])
    console.print(
        f"{len(clips)} clips with a picture, {len(data['refusals'])} more that cannot be styled, "
        f"{skipped} gaps, sound and disabled clips"
    )


def _print_source(data: dict[str, Any], console: Console) -> None:
    console.print(f"[bold]{escape(Path(data['source']).name)}[/]", soft_wrap=True)
    grid = Table.grid(padding=(0, 2))
    for name, text in _lines(data):
        grid.add_row(f"  {name}", escape(text))
    if grid.row_count:
        console.print(grid)
    for note in data["notes"]:
        _say(console, "yellow", "note", note)
    if data["refused"]:
        refused = data["refused"]
        said = f"{refused['reason']}. {refused['remedy']}".strip()
        _say(console, "red", refused["outcome"], said)


def _say(console: Console, colour: str, word: str, text: str) -> None:
    console.print(f"  [{colour}]{word}[/]  {escape(text)}", soft_wrap=True)


def _lines(data: dict[str, Any]) -> list[tuple[str, str]]:
    """A source as pairs of a word and what there is to say."""
    media, reading, writing = data["media"], data["reading"], data["writing"]
    lines = []
    if media is not None:
        lines += [
            ("what", _what(data["kind"], media)),
            ("picture", _picture(media)),
            ("colour", _colour(media["colour"])),
        ]
        if media["timecode"] or media["reel"]:
            reel = f"reel {media['reel']}" if media["reel"] else ""
            lines.append(("timecode", ", ".join(filter(None, (media["timecode"], reel)))))
        lines += [
            ("sound", f"{each['codec']}, {each['sample_rate']} Hz, {each['layout']}")
            for each in media["audio"]
        ]
        if media["found"]:
            found = "; ".join(f"{what}: {where}" for what, where in media["found"].items())
            lines.append(("found by", found))
    if reading is not None:
        asked = [f"{key}: {reading[key]}" for key in reading if key not in _FRAMES_AND_COLOUR]
        lines.append(("read as", ", ".join([*_frames(reading), reading["colour"], *asked])))
    if writing is not None:
        size = writing["painted_at"]
        painted = "" if size is None else "{} x {}".format(*size)
        exact = "exact" if writing["exact"] else "lossy"
        alpha = ", with alpha" if writing["alpha"] else ""
        lines.append(("painted at", painted))
        depth = f"{writing['depth']}{' bit' if writing['depth'].isdigit() else ''}"
        lines.append(("comes out", f"{writing['format']}, {depth}, {exact}{alpha}"))
    return lines


def _frames(reading: dict[str, Any]) -> list[str]:
    """Which frames would be rendered; nothing of a timeline's media, of which each clip says it."""
    if "numbers" not in reading:
        return []
    first, last = reading["numbers"]
    return [f"frames {first}-{last}" if last > first else "one frame"]


def _what(kind: str, media: dict[str, Any]) -> str:
    width, height = media["size"]
    size = f"{width} x {height}"
    if kind == "still":
        return f"still, {size}"
    rate = Fraction(media["rate"])
    seconds = f"{float(media['frames'] / rate):.2f} s"
    speed = f"{float(rate):.3f}".rstrip("0").rstrip(".")
    variable = " on average (variable)" if media["variable_rate"] else ""
    count = f"{media['frames']} frames"
    if kind == "sequence":
        count += " numbered {}-{}".format(*media["numbers"])
    return f"{kind}, {size}, {count}, {speed} a second{variable}, {seconds}"


def _picture(media: dict[str, Any]) -> str:
    parts = [media["pixel_format"], f"{media['bit_depth']} bit"]
    parts.append("no alpha" if media["alpha"] == "none" else f"{media['alpha']} alpha")
    if media["pixel_aspect"] != "1":
        parts.append(f"pixels {media['pixel_aspect']} wide")
    if media["rotation"]:
        parts.append(f"turned by {media['rotation']}°")
    if media["interlaced"]:
        parts.append("interlaced")
    return ", ".join(parts)


def _colour(tags: dict[str, Any]) -> str:
    parts = [
        f"{_COLOURS[name].get(tags[name], tags[name])} {name}"
        for name in ("primaries", "transfer", "matrix")
        if tags[name] != _UNSTATED
    ]
    if tags["full_range"] is not None:
        parts.append("full range" if tags["full_range"] else "limited range")
    return ", ".join(parts) or "not stated"
