"""`--map looks.yaml`: which clips get which look, by name, reel, track and colour."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import opentimelineio as otio
import yaml

from nle_style.errors import TimelineError
from nle_style.timeline.files import composed
from nle_style.timeline.looks.look_text import ClipLook, parse_look, with_control, with_key
from nle_style.timeline.needs import Candidate
from nle_style.timeline.parsed import file_bytes

__all__ = ["SELECTORS", "LookRule", "entry", "facts_of", "matches", "read_look_map", "selector_of"]

SELECTORS = ("clip", "reel", "track", "colour", "marker")
"""What a rule can go by: the clip's name, its reel, its track, its colour (label), the colour of a
marker on it."""

_SPELLINGS = {"color": "colour", "marker-colour": "marker", "marker-color": "marker"}
_SPELLINGS |= {"stroke-scale": "stroke_scale", "marker_colour": "marker", "marker_color": "marker"}
_LOOK_KEYS = ("style", "strength", "stroke_scale", "statistics", "hold")
_CHANGING = ("style", "strength")
_KEYS = (*SELECTORS, "at", "override", *_LOOK_KEYS)
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
_NUMBERED = re.compile(r"[A-Z]\d+")
_MAXIMUM_BYTES = 2**20
_FORM = "See docs/timelines.md: a list of rules as `- clip: A00*` with `style: fire`."


@dataclass(frozen=True)
class LookRule:
    """One rule of a map.

    Attributes:
        selectors: (one of `SELECTORS`, glob); a clip must match all. Without any it matches.
        look: what the clips get; None leaves them as they are.
        where: "looks.yaml line 3", for messages.
        at: a timecode of the timeline at which the clip must be seen; None for any place.
        override: whether it counts before what the clip, its track and its nests ask for.
    """

    selectors: tuple[tuple[str, str], ...]
    look: ClipLook | None
    where: str
    at: str | None = None
    override: bool = False

    def fits(self, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a clip with these names, reels, ... is meant, by the keys of `SELECTORS`; `at` is
        not looked at."""
        return all(
            any(matches(name, glob) for name in facts.get(key, ())) for key, glob in self.selectors
        )


def selector_of(word: str) -> str:
    """What a rule goes by, of `SELECTORS`, as it may be spelt; another word as it is."""
    return _SPELLINGS.get(word.lower(), word.lower())


def matches(name: str, glob: str) -> bool:
    """Whether a name is the text, or fits it as a glob (* ? [abc]), in any case and however its
    letters are composed."""
    name, glob = (composed(text).casefold() for text in (name, glob))
    # A name like "x.[1001-1099].tif" is not meant as a glob.
    return name == glob or fnmatchcase(name, glob)


def read_look_map(path: Path) -> tuple[LookRule, ...]:
    """Read a map file; the first rule that fits a clip counts.

    It is a list of mappings with selectors (`SELECTORS`, and `at` a timecode), a look (`style`, as
    in a marker, and `strength`, `stroke_scale`, `statistics`, `hold`) and `override: true` where it
    counts before markers; or a plain mapping of clip names to looks. A style or a strength that
    changes is a mapping of frames, `{0: blue, 48: fire}`. Values are taken as they are written:
    `clip: 0010` is the text "0010".

    Raises:
        TimelineError: the file cannot be read, is no such list, has an unknown or repeated key, or
            a look that cannot be understood; names the line.
    """
    root = _composed(path)
    if isinstance(root, yaml.SequenceNode):
        rules = [_rule(node, path) for node in root.value]
    elif isinstance(root, yaml.MappingNode):
        rules = []
        for key, value in _entries(root, path, anywhere=True):
            if _SPELLINGS.get(key, key) in _KEYS:
                what = f"'{key}' belongs into a rule, and rules are a list"
                raise _fault(what, value, path, "Begin each rule with a dash: `- clip: A00*`.")
            look = _look({"style": value}, path)
            rules.append(LookRule((("clip", key),), look, _line(value, path)))
    else:
        rules = []
    if not rules:
        raise TimelineError("it holds no rules", where=str(path), remedy=_FORM)
    return tuple(rules)


def _composed(path: Path) -> yaml.Node | None:
    data = file_bytes(path, _MAXIMUM_BYTES + 1)
    if len(data) > _MAXIMUM_BYTES:
        raise TimelineError("too large for a map of looks", where=str(path), remedy=_FORM)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TimelineError(
            "the map of looks is not UTF-8 text", where=str(path), remedy="Save it as UTF-8."
        ) from error
    try:
        # Nodes have lines and keep repeated keys, and no objects are built from them.
        node: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise TimelineError(
            f"not YAML ({getattr(error, 'problem', None) or 'it cannot be parsed'})",
            where=f"{path} line {mark.line + 1}" if mark else str(path),
            remedy=_FORM,
        ) from error
    return node


def _rule(node: yaml.Node, path: Path) -> LookRule:
    if not isinstance(node, yaml.MappingNode):
        raise _fault("a rule is not `key: value` pairs", node, path)
    given: dict[str, yaml.Node] = {}
    for written, value in _entries(node, path):
        key = selector_of(written)
        if key not in _KEYS:
            raise _fault(f"unknown key '{written}'", value, path, f"A rule has {', '.join(_KEYS)}.")
        if key in given:
            raise _fault(f"'{written}' is there twice", value, path, "")
        given[key] = value
    selectors = tuple((key, given[key].value) for key in SELECTORS if key in given)
    if ("colour", "source") in selectors or ("colour", "poster") in selectors:
        raise _fault(
            "`colour` chooses clips by their colour (label) in the editor",
            given["colour"],
            path,
            "Write the colour of the look into the style: `style: fire colour source`.",
        )
    if not any(key in given for key in _LOOK_KEYS):
        raise _fault("the rule asks for no look", node, path)
    at = given["at"].value.strip() if "at" in given else None
    look, override = _look(given, path), _flag(given.get("override"), path)
    return LookRule(selectors, look, _line(node, path), at, override)


def _flag(node: yaml.Node | None, path: Path) -> bool:
    if node is None:
        return False
    word = str(node.value).lower()
    if word not in _FLAGS:
        raise _fault(f"`override` is '{word}'", node, path, "It is true or false.")
    return _FLAGS[word]


def _look(given: Mapping[str, yaml.Node], path: Path) -> ClipLook | None:
    look: ClipLook | None = ClipLook()
    for key in _LOOK_KEYS:
        if key not in given:
            continue
        at = given[key]
        try:
            if isinstance(at, yaml.MappingNode):
                for frame, value in _entries(at, path):
                    at = value
                    text = value.value if key == "style" else f"strength {value.value}"
                    look = with_key(look, frame, text)
            else:
                look = parse_look(at.value) if key == "style" else with_control(look, key, at.value)
        except TimelineError as error:
            if error.where:
                raise
            raise _fault(error.what, at, path, error.remedy or _FORM) from error
    return look


def _entries(
    node: yaml.MappingNode, path: Path, *, anywhere: bool = False
) -> list[tuple[str, yaml.Node]]:
    """The entries of a mapping, their values plain texts; those of a style or a strength, or all of
    them `anywhere`, may be mappings of frames."""
    found: list[tuple[str, yaml.Node]] = []
    seen: set[str] = set()
    for key, value in node.value:
        changing = isinstance(value, yaml.MappingNode) and isinstance(key, yaml.ScalarNode)
        if changing and (anywhere or key.value.lower() in _CHANGING):
            if not value.value:
                raise _fault(f"'{key.value}' has no keys", key, path, "Write 0: blue, 48: fire.")
        elif not isinstance(key, yaml.ScalarNode) or not isinstance(value, yaml.ScalarNode):
            raise _fault("a rule's values are plain texts", key, path)
        if value.value == "" or value.tag == "tag:yaml.org,2002:null":
            what = f"'{key.value}' has no value"
            raise _fault(what, key, path, "`none` leaves clips as they are.")
        if key.value in seen:
            raise _fault(f"'{key.value}' is there twice", key, path, "")
        seen.add(key.value)
        found.append((key.value, value))
    return found


def _fault(what: str, node: yaml.Node, path: Path, remedy: str = _FORM) -> TimelineError:
    return TimelineError(what, where=_line(node, path), remedy=remedy)


def _line(node: yaml.Node, path: Path) -> str:
    return f"{path} line {node.start_mark.line + 1}"


def facts_of(candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """What rules go by, under the keys of `SELECTORS`.

    The names and colours of the nests around the clip count too.
    """
    clip = candidate.clip
    nests = [around for around in candidate.parents if isinstance(around, otio.schema.Stack)]
    return {
        "clip": (candidate.clip_name, *(str(nest.name) for nest in nests if nest.name)),
        "reel": tuple(_reels(candidate)),
        "track": tuple(_tracks(candidate)),
        "colour": tuple(colour for item in (clip, *nests) for colour in _colours(item)),
        "marker": tuple(str(marker.color) for marker in clip.markers if marker.color),
    }


def _reels(candidate: Candidate) -> Iterator[str]:
    """Where the EDL and the FCP7 XML adapter keep them."""
    reel = entry(candidate.clip.metadata.get("cmx_3600"), "reel")
    if reel:
        yield str(reel)
    if candidate.reference is not None:
        timecode = entry(candidate.reference.metadata.get("fcp_xml"), "timecode")
        name = entry(entry(timecode, "reel"), "name")
        if name:
            yield str(name)


def _tracks(candidate: Candidate) -> Iterator[str]:
    """The outermost track's name and number from the bottom, and the whole path in nests."""
    yield candidate.track_name
    top = candidate.parents[0] if candidate.parents else None
    if not isinstance(top, otio.schema.Track):
        return
    if top.name:
        yield str(top.name)
    stack = top.parent()
    if stack is not None and not _NUMBERED.fullmatch(str(top.name)):
        # Tracks named "Video 2" are V2 in the editor; one that is named "V1" is what it says.
        alike = [t for t in stack if isinstance(t, otio.schema.Track) and t.kind == top.kind]
        yield f"{str(top.kind)[:1].upper()}{alike.index(top) + 1}"


def _colours(item: otio.schema.Item) -> Iterator[str]:
    """OpenTimelineIO's own colour by name and as #rrggbb, and Premiere's label in FCP7 XML."""
    if item.color is not None:
        yield from (text for text in (item.color.name, item.color.to_hex()[:7]) if text)
    label = entry(entry(item.metadata.get("fcp_xml"), "labels"), "label2")
    if label:
        yield str(label)


def entry(metadata: Any, key: str) -> Any:
    """An entry of metadata, or None; the FCP7 adapter gives a text for an empty element."""
    return metadata.get(key) if isinstance(metadata, Mapping) else None
