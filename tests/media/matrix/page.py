"""The page of the matrix: `python -m tests.media.matrix.page` writes it."""

from __future__ import annotations

from pathlib import Path

from tests.media.matrix.rows import FRAMES, GROUPS, SIZE, Row

__all__ = ["DOCUMENT", "page"]

DOCUMENT = Path(__file__).parents[3] / "docs" / "measured" / "media_matrix.md"
_HEAD = f"""# Sources that are tried

Small files, {SIZE[0]}x{SIZE[1]} pixels and {FRAMES} frames, that the ffmpeg program makes. Each is
read and written as PNG in MOV, as `--strength 0` does it; `tests/media/matrix/test_matrix.py`
compares the copy with its source, both decoded by that program. "Exact" is each picture's RGB, bit
for bit, at its time, in its size and pixel aspect. Alpha is the source's in 8 or 16 bits; sound has
its samples. What is refused is refused before anything is painted. The page is written from the
rows of that test by `python -m tests.media.matrix.page`.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for heading, rows in GROUPS.items():
        lines = [f"## {heading}", "", "| file | codec | special | copy |", "|---|---|---|---|"]
        lines += [f"| {row.suffix} | {row.codec} | {row.trait} | {_copy(row)} |" for row in rows]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _copy(row: Row) -> str:
    if row.refused:
        return f"refused: {row.refused}"
    source, _, made = row.sound.partition(">")
    width, height = row.size
    return ", ".join(
        (
            f"exact in {row.bits} bit",
            *("with alpha",) * row.alpha,
            *(f"{width}x{height}",) * (row.size != SIZE),
            *(f"{row.frames} frames",) * (row.frames != FRAMES),
            *(f"{row.rate} frames a second",) * (row.rate != "25"),
            *("each frame at its time",) * row.uneven,
            *(f"pixel aspect {row.aspect}",) * (row.aspect != "1/1"),
            *(f"timecode {row.timecode}",) * bool(row.timecode),
            *(f"sound {made or source}",) * bool(source),
        )
    )


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
