"""A block of lines of ours in a Python file of somebody else's, put in and taken out to the byte.

The block stands between two marker lines. Everything else in the file is kept as it is: encoding,
line endings, a missing last line ending. So a file of which the block is taken out again is the
file that was there before.
"""

from __future__ import annotations

import io
import tokenize

from nle_style.errors import InputError

__all__ = ["BEGIN", "END", "with_block", "without_block"]

BEGIN = b"# >>> nle_style >>>"
END = b"# <<< nle_style <<<"


def with_block(data: bytes, block: str, where: str) -> bytes:
    """A file's bytes with the block in place of the one that is there, or else at the end.

    Args:
        data: the file's.
        block: ASCII lines without the markers, each ended by a line feed.
        where: the file, for messages.

    Raises: InputError if the file is no text that Python reads, or its markers are damaged.
    """
    _read(data, where)
    ending = _line_ending(data)
    lines = [BEGIN, *block.encode("ascii").splitlines(), END]
    wanted = ending.join(lines)
    found = _find(data, where)
    if found is not None:
        first, last = found
        changed = data[:first] + wanted + data[last:]
    elif not data or data.endswith((b"\n", b"\r")):
        changed = data + wanted + ending
    else:
        # It had no last line ending, and so has none now: `without_block` reads that.
        changed = data + ending + wanted
    return changed


def without_block(data: bytes, where: str) -> bytes:
    """A file's bytes without the block; the very bytes if there is none.

    Raises: InputError if its markers are damaged.
    """
    found = _find(data, where)
    if found is None:
        return data
    first, last = found
    before, after = data[:first], data[last:]
    if not after:
        # The line ending in front of the block came with it.
        return before.removesuffix(_line_ending(data))
    for ending in (b"\r\n", b"\n", b"\r"):
        if after.startswith(ending):
            return before + after[len(ending) :]
    return before + after


def _find(data: bytes, where: str) -> tuple[int, int] | None:
    """Where the block begins and ends, its last line ending not included; None if there is none."""
    begins, ends = data.count(BEGIN), data.count(END)
    if begins == ends == 0:
        return None
    first, last = data.find(BEGIN), data.find(END)
    at_line = data[:first].endswith((b"\n", b"\r")) or first == 0 or first == 3
    if begins != 1 or ends != 1 or last < first or not at_line:
        raise InputError(
            f"nle_style's lines in it are damaged ({begins} beginnings, {ends} ends)",
            where=where,
            remedy="Take them out by hand, from '# >>> nle_style >>>' to '# <<< nle_style <<<'.",
        )
    return first, last + len(END)


def _read(data: bytes, where: str) -> None:
    """Check that a file is Python's kind of text, of whose encodings all contain ASCII."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data.decode(encoding)
        if b"\0" in data:
            raise SyntaxError("it has null bytes")
    except (SyntaxError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot be read as Python's text ({error})",
            where=where,
            remedy="Save it as UTF-8, or give another folder by --dir. It was not changed.",
        ) from error


def _line_ending(data: bytes) -> bytes:
    """The one that most lines of a file have."""
    pairs = data.count(b"\r\n")
    counts = {
        b"\n": data.count(b"\n") - pairs,
        b"\r\n": pairs,
        b"\r": data.count(b"\r") - pairs,
    }
    return max(counts, key=lambda ending: counts[ending])
