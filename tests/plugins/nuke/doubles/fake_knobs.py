"""Knobs of the stand-in for Nuke: classes and methods of the published stubs, and no more."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["KNOB_CLASSES", "Knob", "MainThreadOnly"]

INVISIBLE, READ_ONLY, STARTLINE, NO_ANIMATION = 1, 2, 4, 8


class MainThreadOnly:
    """Whatever is public in it may be used on the main thread alone."""

    def __getattribute__(self, name: str) -> Any:
        on_main = threading.current_thread() is threading.main_thread()
        if not name.startswith("_") and not on_main:
            raise RuntimeError(f"'{name}' is used off Nuke's main thread")
        return object.__getattribute__(self, name)


class Knob(MainThreadOnly):
    """What all knobs have."""

    _type = 0
    _default: Any = ""

    def __init__(self, name: str, label: str | None = None, *_: Any) -> None:
        self._name, self._label = name, label
        self._value = self._default
        self._tooltip, self._enabled = "", True
        self._flags = STARTLINE
        self._node: Any = None

    def name(self) -> str:
        return self._name

    def label(self) -> str:
        return self._name if self._label is None else self._label

    def tooltip(self) -> str:
        return self._tooltip

    def setTooltip(self, tooltip: str) -> None:  # noqa: N802
        self._tooltip = tooltip

    def setEnabled(self, enabled: bool) -> None:  # noqa: N802
        self._enabled = enabled

    def enabled(self) -> bool:
        return self._enabled

    def setFlag(self, flag: int) -> None:  # noqa: N802
        self._flags |= flag

    def clearFlag(self, flag: int) -> None:  # noqa: N802
        self._flags &= ~flag

    def getFlag(self, flag: int) -> bool:  # noqa: N802
        return bool(self._flags & flag)

    def isAnimated(self) -> bool:  # noqa: N802
        return isinstance(self._value, dict)

    def hasExpression(self) -> bool:  # noqa: N802
        return isinstance(self._value, str) and self._type in (3, 7)

    def value(self) -> Any:
        return self._value

    def setValue(self, value: Any) -> None:  # noqa: N802
        self._value = self._checked(value)
        if self._node is not None:
            self._node._changed(self)

    def _checked(self, value: Any) -> Any:
        return value


class String_Knob(Knob):  # noqa: N801
    _type = 1

    def _checked(self, value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError(f"{self._name}: a string is expected, not {value!r}")
        return value


class Text_Knob(String_Knob):  # noqa: N801
    _type = 26


class File_Knob(String_Knob):  # noqa: N801
    _type = 2

    def fromUserText(self, text: str) -> None:  # noqa: N802
        """Nuke takes a range that follows the name."""
        name, _, span = text.rpartition(" ")
        self.setValue(name)
        first, _, last = span.partition("-")
        for knob, number in (("first", first), ("last", last)):
            self._node._knobs[knob].setValue(int(number))


class Tab_Knob(Knob):  # noqa: N801
    _type = 20


class Double_Knob(Knob):  # noqa: N801
    _type, _default = 7, 0.0
    _limits: tuple[float, float] | None = None

    def setRange(self, low: float, high: float) -> None:  # noqa: N802
        self._limits = (low, high)

    def _checked(self, value: Any) -> float:
        return float(value)


class Int_Knob(Knob):  # noqa: N801
    _type, _default = 3, 0

    def _checked(self, value: Any) -> int:
        if not isinstance(value, int):
            raise TypeError(f"{self._name}: an integer is expected, not {value!r}")
        return value


class Boolean_Knob(Knob):  # noqa: N801
    _type, _default = 6, False

    def _checked(self, value: Any) -> bool:
        return bool(value)


class BBox_Knob(Knob):  # noqa: N801
    _type, _default = 15, (0, 0, 0, 0)

    def _checked(self, value: Any) -> tuple[int, ...]:
        x, y, r, t = value
        return (x, y, r, t)


class Enumeration_Knob(Knob):  # noqa: N801
    _type = 4

    def __init__(self, name: str, label: str | None, values: list[str]) -> None:
        super().__init__(name, label)
        if any("<" in value for value in values):
            raise ValueError("labels with <...> come back empty from a script")
        self._values = list(values)
        self._value = self._values[0]

    def values(self) -> list[str]:
        return list(self._values)

    def setValues(self, values: list[str]) -> None:  # noqa: N802
        self._values = list(values)

    def _checked(self, value: Any) -> str:
        if value not in self._values:
            raise ValueError(f"{self._name}: {value!r} is not one of {self._values}")
        return str(value)


class Script_Knob(String_Knob):  # noqa: N801
    def execute(self) -> None:
        self._node._run(self)


class PyScript_Knob(Script_Knob):  # noqa: N801
    _type = 22

    def __init__(self, name: str, label: str | None = None, command: str = "") -> None:
        super().__init__(name, label)
        self._value = command

    def command(self) -> str:
        return str(self._value)


KNOB_CLASSES = {
    kind.__name__: kind
    for kind in (
        *(Knob, String_Knob, Text_Knob, File_Knob, Tab_Knob),
        *(Double_Knob, Int_Knob, Boolean_Knob, BBox_Knob, Enumeration_Knob, Script_Knob),
        PyScript_Knob,
    )
}
