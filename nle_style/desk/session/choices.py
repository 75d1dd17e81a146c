"""Which look each shot gets: chosen, undone, and kept as a `looks.yaml` for `batch --map`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nle_style.desk.session.cut import Cut, Shot
from nle_style.durable import folder_for_results, write_file, writing_into
from nle_style.errors import InputError, LookError, TimelineError
from nle_style.render.cut import clip_look_of, complete_look
from nle_style.timeline.looks import ClipLook, LookRule, look_map_text, read_look_map

__all__ = ["LOOKS_NAME", "Choices", "look_data"]

LOOKS_NAME = "looks.yaml"
_FIRST_LINE = "Chosen with nle-style desk, which writes this file again with every change."
_MOST_STEPS = 200  # that can be undone

_State = dict[str, ClipLook | None]


def look_data(look: ClipLook) -> dict[str, Any]:
    """A look as the page has it: styles with their weights, and controls with their values."""
    whole = complete_look(look)
    return {
        "styles": dict(whole.styles),
        "strength": whole.strength,
        "stroke_scale": whole.stroke_scale,
        "colour": whole.colour,
    }


@dataclass
class Choices:
    """The looks of a cut's shots.

    What was chosen here is a rule for each shot; what the cut or a map asks for of the others stays
    as it was asked.

    Attributes:
        cut: whose shots they are.
        path: of the map, which is written at every change; without any rule there is none.
        asked: what the shots look like without a choice, by their ids; keys at source frames.
        chosen: what was chosen; None leaves a shot as it is.
        others: rules of a map that the desk was opened with; they stand behind the chosen ones.
    """

    cut: Cut
    path: Path
    asked: Mapping[str, ClipLook] = field(default_factory=dict)
    chosen: _State = field(default_factory=dict)
    others: tuple[LookRule, ...] = ()
    _before: list[_State] = field(default_factory=list)
    _after: list[_State] = field(default_factory=list)

    @classmethod
    def of(cls, cut: Cut) -> Choices:
        """The choices as they were left in the folder of the results, or as the cut begins.

        Raises:
            InputError: another's `looks.yaml` is there, or a map is given beside it.
            LookError: the look that the cut begins with names a style that the pack does not have.
        """
        request, path = cut.request, cut.request.output.directory / LOOKS_NAME
        if request.look is not None and request.look.keys:
            raise InputError(
                "a look that changes is given for all clips",
                where="--style",
                remedy="Give it to single clips, in a --map or by markers: the desk keeps it.",
            )
        if request.look is not None:
            cut.pack.mix(request.look.styles)
        given = request.options.look_map
        if path.exists():
            _check_ours(path, given)
            given = path
        rules = () if given is None else read_look_map(given)
        own = {
            (rule.selectors, rule.at): rule.look
            for rule in rules
            if given == path and rule.override
        }
        chosen = {
            shot.id: own[shot.selectors, shot.at]
            for shot in cut.shots
            if (shot.selectors, shot.at) in own
        }
        others = tuple(r for r in rules if (r.selectors, r.at) not in own or not r.override)
        made = cls(cut, path, cut.looks(given), chosen, others)
        if request.look is not None:
            base = clip_look_of(request.look)
            free = (shot.id for shot in cut.shots if shot.info is not None)
            made.chosen |= {s: base for s in free if s not in chosen and s not in made.asked}
        if given != path and (others or made.chosen):
            made._write(made.chosen)
        return made

    @property
    def map_path(self) -> Path | None:
        """The map that a batch takes to render what is chosen; None while nothing is."""
        return self.path if self.path.exists() else None

    def look_of(self, shot: str) -> ClipLook | None:
        """The look of a shot by its id; None leaves it as it is."""
        return self.chosen[shot] if shot in self.chosen else self.asked.get(shot)

    def choose(self, shots: Iterable[str], data: Mapping[str, Any] | None) -> None:
        """Give shots a look.

        Args:
            shots: their ids.
            data: as `look_data` gives it; None leaves them as they are.

        Raises:
            InputError: no such shot, or one that cannot be styled.
            LookError: a value out of its range, or a style that the pack does not have.
            OutputError: the map cannot be written; nothing is changed then.
        """
        ids = [self._styleable(shot).id for shot in shots]
        looks = {shot: None if data is None else self._with(shot, data) for shot in ids}
        self._change({**self.chosen, **looks})

    def undo(self) -> None:
        """Take the last change back; nothing if there is none."""
        if self._before:
            self._swap(self._before, self._after)

    def redo(self) -> None:
        """Do again what was taken back last; nothing if there is none."""
        if self._after:
            self._swap(self._after, self._before)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to do again."""
        return bool(self._after)

    def _styleable(self, shot: str) -> Shot:
        found = self.cut.by_id.get(shot)
        if found is None or found.info is None:
            raise InputError(f"there is no shot '{shot}' that can be styled")
        return found

    def _with(self, shot: str, data: Mapping[str, Any]) -> ClipLook:
        """The new look, with what the page does not show of the shot's old one."""
        try:
            given = ClipLook.of_mix(
                ((str(name), float(weight)) for name, weight in data["styles"].items()),
                strength=float(data.get("strength", 1.0)),
                stroke_scale=float(data.get("stroke_scale", 1.0)),
                colour=str(data.get("colour", "poster")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LookError("that is no look", remedy="It has styles with weights.") from error
        except TimelineError as error:
            raise LookError(error.what, remedy=error.remedy) from error
        before = self.look_of(shot) or ClipLook()
        look = replace(given, statistics=before.statistics, hold=before.hold)
        self.cut.pack.mix(complete_look(look).styles)
        return look

    def _change(self, new: _State) -> None:
        old = self._become(new)
        self._before = [*self._before, old][-_MOST_STEPS:]
        self._after = []

    def _swap(self, source: list[_State], target: list[_State]) -> None:
        target.append(self._become(source[-1]))
        source.pop()

    def _become(self, new: _State) -> _State:
        """Write what is chosen, then choose it: what can be seen is on the disk. The state before.

        Raises: OutputError if it cannot be written; nothing is changed then.
        """
        self._write(new)
        old, self.chosen = self.chosen, new
        return old

    def _write(self, chosen: _State) -> None:
        rules = [s.rule(chosen[s.id]) for s in self.cut.shots if s.id in chosen]
        rules += self.others
        with folder_for_results(self.path.parent), writing_into(self.path):
            if rules:
                write_file(self.path, look_map_text(rules, _FIRST_LINE))
            else:
                # A map without rules is refused, by this desk too.
                self.path.unlink(missing_ok=True)


def _check_ours(path: Path, given: Path | None) -> None:
    with path.open(encoding="utf-8", errors="replace") as file:
        is_ours = _FIRST_LINE in file.readline()
    if not is_ours:
        raise InputError(
            "it was not written by the desk, which would write over it",
            where=str(path),
            remedy="Open the cut with --map and this file, and another folder as -o.",
        )
    if given is not None:
        raise InputError(
            "what was chosen in this folder before counts, and a --map is given",
            where=str(path),
            remedy="Leave --map out, or give another folder as -o.",
        )
