"""`--name-template`: the names of results, made of what they are of, and checked before anything is
painted."""

from __future__ import annotations

import difflib
import os
import re
import string
from collections.abc import Iterable, Mapping, Sequence

from nle_style.errors import InputError
from nle_style.media.base import find_sequence, is_pattern
from nle_style.render.job import Item
from nle_style.render.plan.naming import folded_name, source_stem

__all__ = ["NAME_FIELDS", "named_items", "names_by"]

NAME_FIELDS = ("clip", "source", "look", "first", "last", "track", "cut")
"""What a template may name: the clip in the cut, the file's stem, the label of the look, the first
and the last frame, the track, the timeline's stem."""

_NUMBERS = ("first", "last")
_NUMBER_FORM = re.compile(r"0?\d{0,2}d?")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')  # on any of the systems that a project may reach
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST = 180  # bytes of one part: a range, a hash and a suffix come behind it
_REMEDY = f"Write it of {', '.join(f'{{{name}}}' for name in NAME_FIELDS)}; / makes folders."


def named_items(
    items: Sequence[Item],
    template: str,
    clips: Sequence[tuple[str, str]] | None = None,
    cut: str = "",
) -> list[Item]:
    """Items with the names that a template gives them.

    Args:
        clips: for each item the clip of a cut that it is for, and its track; None without a cut,
            where the clip is the file.
        cut: the timeline's stem.

    Raises: InputError, as `names_by`; or if it names the last frame of a whole clip.
    """
    names_last = any(field == "last" for _, field, _ in _parsed(template))
    results = []
    for place, item in enumerate(items):
        if item.frames is None and names_last:
            raise _fault("{last} is not known before a whole clip is read", "Give --frames too.")
        files = find_sequence(item.source).first if is_pattern(item.source) else 0
        first, last = item.frames or (0, 0)
        looks = (item.look, *(layer.look for layer in item.layers))
        stem = source_stem(item.source)
        clip, track = clips[place] if clips is not None else (stem, "")
        fields: dict[str, str | int] = {
            "clip": clip,
            "source": stem,
            "look": "+".join(dict.fromkeys(each.look().label for each in looks)),
            "first": first + files,
            "last": last + files,
            "track": track,
            "cut": cut,
        }
        what = str(item.source) if clips is None else f"clip '{clip}' on {track}"
        results.append((what, fields))
    names = names_by(template, results)
    return [item.model_copy(update={"name": name}) for item, name in zip(items, names, strict=True)]


def names_by(template: str, results: Iterable[tuple[str, Mapping[str, str | int]]]) -> list[str]:
    """The names of some results, each a path within their folder, without a suffix.

    In a field's own text, what no file can be called on some system becomes "_": a clip's name
    makes no folders. Numbers have six digits, {first:04} four.

    Args:
        template: of `NAME_FIELDS` in curly brackets, and text; "/" separates folders.
        results: for each what messages call it, and its fields.

    Raises:
        InputError: the template has other fields, or is no name of a file; a result gets none; or
            two get the same, which some file systems would take for one.
    """
    parts = _parsed(template)
    names: list[str] = []
    taken: dict[str, str] = {}
    for what, fields in results:
        name = "".join(_part(text, field, form, fields) for text, field, form in parts)
        _check(name, template)
        plain = folded_name(name)
        if plain in taken:
            raise _fault(
                f"{taken[plain]} and {what} would both be named '{name}'",
                "Add a field that tells them apart, as {first} or {track}.",
            )
        taken[plain] = what
        names.append(name)
    return names


def _parsed(template: str) -> list[tuple[str, str | None, str]]:
    """Text, the field behind it and the form of that, again and again."""
    if not template.strip():
        raise _fault("the template names nothing")
    try:
        found = list(string.Formatter().parse(template))
    except ValueError as error:
        raise _fault(f"'{template}': its brackets do not close ({error})") from error
    parts: list[tuple[str, str | None, str]] = []
    for text, field, form, conversion in found:
        unsafe = _UNSAFE.search(text.replace("/", ""))
        if unsafe:
            raise _fault(f"'{unsafe[0]}' cannot be in the name of a file on every system")
        if field is None:
            parts.append((text, None, ""))
            continue
        if field not in NAME_FIELDS:
            near = difflib.get_close_matches(field, NAME_FIELDS, n=1)
            hint = f". Did you mean '{near[0]}'?" if near else ""
            raise _fault(f"unknown field '{field}'{hint}")
        if conversion:
            raise _fault(f"{{{field}}} takes no !{conversion}")
        if form and not (field in _NUMBERS and _NUMBER_FORM.fullmatch(form)):
            raise _fault(f"'{form}' is not a form of {{{field}}}", "Write a number as {first:04}.")
        parts.append((text, field, form or ("06d" if field in _NUMBERS else "")))
    return parts


def _part(text: str, field: str | None, form: str, fields: Mapping[str, str | int]) -> str:
    if field is None:
        return text
    value = fields[field]
    return text + (_UNSAFE.sub("_", value).strip() if isinstance(value, str) else f"{value:{form}}")


def _check(name: str, template: str) -> None:
    parts = name.split("/")
    if parts[0] == "" or any(part in (".", "..") for part in parts):
        raise _fault(f"'{name}' is a path outside of the results' folder")
    for part in parts:
        if not part:
            raise _fault(f"'{name}' has a folder without a name, or names no file")
        if part[-1] in ". " or part[0] == " ":
            raise _fault(f"'{part}' ends in a dot or a space, or begins with one")
        if _RESERVED.fullmatch(part):
            raise _fault(f"Windows takes no file named '{part}'")
        if len(os.fsencode(part)) > _LONGEST:
            raise _fault(f"'{template}' makes a name of more than {_LONGEST} bytes: '{part}'")


def _fault(what: str, remedy: str = _REMEDY) -> InputError:
    return InputError(what, where="--name-template", remedy=remedy)
