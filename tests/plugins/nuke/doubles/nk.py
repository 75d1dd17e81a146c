"""A small writer and parser of `.nk` text, for what Nuke saves of a node with user knobs.

The form is that of saved scripts: `addUserKnob {TYPE NAME l LABEL t TOOLTIP ...}`, then one line
for each knob's value. A NoOp keeps its user knobs in the script, so that it opens without the
plugin. Both sides are the tests' own: what Nuke itself writes has not been compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.plugins.nuke.doubles.fake_knobs import STARTLINE
from tests.plugins.nuke.doubles.fake_nodes import Node

__all__ = ["ParsedNode", "UserKnob", "parse", "write"]

_TAB, _ENUMERATION, _BUTTON, _TEXT = 20, 4, 22, 26


@dataclass
class UserKnob:
    """One `addUserKnob` line: its type number, name, and the options by their letter."""

    type: int
    name: str
    options: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)


@dataclass
class ParsedNode:
    """A node: class, user knobs in order, and the values of all knobs."""

    kind: str
    user: list[UserKnob] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    for mark in "[$":
        escaped = escaped.replace(mark, "\\" + mark)
    return f'"{escaped}"'


def write(node: Node) -> str:
    """A node with user knobs as a script has it."""
    lines = [f"{node._kind} {{", f" name {node._name}"]
    for knob in node._user:
        parts = [str(knob._type), knob._name, "l", _quoted(knob.label())]
        if knob._tooltip:
            parts += ["t", _quoted(knob._tooltip)]
        if not knob._flags & STARTLINE:
            parts.append("-STARTLINE")
        if knob._type == _BUTTON:
            parts += ["T", _quoted(knob._value)]
        if knob._type == _ENUMERATION:
            parts += ["M", "{" + " ".join(_quoted(value) for value in knob.values()) + "}"]
        lines.append(f" addUserKnob {{{' '.join(parts)}}}")
        if knob._type not in (_TAB, _BUTTON):
            lines.append(f" {knob._name} {_quoted(str(knob._value))}")
    return "\n".join([*lines, "}"]) + "\n"


def _tokens(text: str) -> list[str]:
    """Words, quoted words and braced words, each without its marks; line ends as themselves."""
    found, i = [], 0
    while i < len(text):
        if text[i] == "\n":
            found.append("\n")
            i += 1
        elif text[i].isspace():
            i += 1
        elif text[i] == '"':
            word, i = "", i + 1
            while text[i] != '"':
                if text[i] == "\\":
                    i += 1
                    word += {"n": "\n"}.get(text[i], text[i])
                else:
                    word += text[i]
                i += 1
            found.append(word)
            i += 1
        elif text[i] == "{":
            begin, depth, quoted = i + 1, 1, False
            while depth:
                i += 1
                if text[i] == "\\":
                    i += 1
                elif text[i] == '"':
                    quoted = not quoted
                elif not quoted:
                    depth += {"{": 1, "}": -1}.get(text[i], 0)
            found.append(text[begin:i])
            i += 1
        else:
            begin = i
            while i < len(text) and not text[i].isspace():
                i += 1
            found.append(text[begin:i])
    return found


def parse(text: str) -> ParsedNode:
    """Read one node's text back."""
    kind, body = _tokens(text)[:2]
    node = ParsedNode(kind)
    line: list[str] = []
    for word in [*_tokens(body), "\n"]:
        if word != "\n":
            line.append(word)
            continue
        if line and line[0] == "addUserKnob":
            node.user.append(_user_knob(_tokens(line[1])))
        elif line:
            node.values[line[0]] = line[1] if len(line) > 1 else ""
        line = []
    return node


def _user_knob(words: list[str]) -> UserKnob:
    knob = UserKnob(int(words[0]), words[1])
    rest = iter(words[2:])
    for word in rest:
        if word[0] in "+-":
            knob.flags.append(word)
        else:
            knob.options[word] = next(rest)
    return knob
