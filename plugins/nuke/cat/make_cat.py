"""Make the .cat of an exported network, and the Cattery folder with its node. Runs inside NukeX.

`nle-style export nuke -o NLEStyle_blue.pt` puts a copy of this file beside the network, under the
name NLEStyle_blue_make_cat.py, and a card NLEStyle_blue.json. Where NukeX (14 or newer) is:

    Nuke --nukex -i --gpu 0 --safe NLEStyle_blue_make_cat.py

It makes ~/.nuke/Cattery/NLEStyle_blue/ with the .cat, the .gizmo and cat.json; NLE_STYLE_CATTERY
names another folder than ~/.nuke/Cattery.

Standard library and Nuke's module only, Python 3.9. NOT RUN IN NUKE: the names of knobs are those
that published scripts for CatFileCreator use; the texts of the gizmo and of cat.json are tested,
as is the order of what is asked of Nuke, with a stand-in for it.
"""

import json
import os
import string
import sys

__all__ = ["cat_json_text", "cattery_folder", "gizmo_text", "make", "read_card"]

CARD = "nle_style_live"
CATEGORY = "Stylisation"  # one of those that Nuke's cattery.py has an icon for

_GIZMO = string.Template(
    """Gizmo {
 help "Paints a frame in the style of a poster. Live: each frame by its own statistics."
 addUserKnob {20 NLEStyle l "NLE Style"}
$knobs
 addUserKnob {26 divider l "" +STARTLINE T ""}
 addUserKnob {6 premultiplied t "On: RGB is divided by alpha before and multiplied by it after." \
+STARTLINE}
 addUserKnob {6 useGPUIfAvailable l "Use GPU if available" +STARTLINE}
 useGPUIfAvailable true
 addUserKnob {6 halfPrecision l "Optimize for Speed and Memory" +STARTLINE}
 addUserKnob {20 info l Info}
 addUserKnob {26 about l "" +STARTLINE T $about}
}
 Input {
  inputs 0
  name Input1
 }
 Unpremult {
  name Unpremult1
  disable {{!parent.premultiplied}}
 }
 Inference {
  useGPUIfAvailable {{parent.useGPUIfAvailable}}
  modelFile "\\[lsearch -inline \\[plugins -all $name.cat] *.cat]"
  halfPrecision {{parent.halfPrecision}}
  serialiseKnob {$serialised}
  name Inference1
 }
 Premult {
  name Premult1
  disable {{!parent.premultiplied}}
 }
 Output {
  name Output1
 }
end_group
"""
)


def read_card(path):
    """The card that `nle-style export nuke` wrote.

    Raises:
        ValueError: not a card of this version, or the network beside it is another one's.
    """
    with open(path, encoding="utf-8") as file:
        card = json.load(file)
    if not isinstance(card, dict) or card.get(CARD) != 1:
        raise ValueError(f"{path}: not the card of an exported network")
    return card


def make(card_path, cattery, nuke):
    """Make the Cattery folder of one exported network.

    Args:
        card_path: the card, NAME.json; the network is beside it.
        cattery: the folder to make NAME/ in.
        nuke: Nuke's module.

    Returns:
        the folder that was made.

    Raises:
        ValueError: the card, or this Nuke, does not fit.
        OSError: a file is missing or cannot be written.
        RuntimeError: Nuke made no .cat.
    """
    card = read_card(card_path)
    running = (nuke.NUKE_VERSION_MAJOR, nuke.NUKE_VERSION_MINOR)
    oldest = tuple(int(part) for part in str(card["minimum_nuke_version"]).split("."))
    if running < oldest:
        raise ValueError(
            f"Nuke {running[0]}.{running[1]} cannot load it: it needs {oldest[0]}.{oldest[1]}"
        )
    model = os.path.join(os.path.dirname(os.path.abspath(card_path)), card["model"])
    if not os.path.isfile(model):
        raise ValueError(f"{model}: there is no such file; it belongs beside the card")
    name = card["name"]
    folder = os.path.join(cattery, name)
    os.makedirs(folder, exist_ok=True)
    cat = os.path.join(folder, name + ".cat")
    creator = nuke.createNode("CatFileCreator", inpanel=False)
    for knob in card["knobs"]:
        creator.addKnob(_knob(knob, nuke))
    # Nuke's paths have forward slashes, on Windows too.
    for knob, value in (
        ("torchScriptFile", model.replace("\\", "/")),
        ("catFile", cat.replace("\\", "/")),
        ("channelsIn", ",".join(card["channels"])),
        ("channelsOut", ",".join(card["channels"])),
        ("modelId", name),
        ("outputScale", 1),
    ):
        creator[knob].setValue(value)
    creator["createCatFile"].execute()
    if not os.path.isfile(cat) or os.path.getsize(cat) == 0:
        raise RuntimeError(f"{cat}: CatFileCreator made no file; its own message says why")
    for file_name, text in (
        (name + ".gizmo", gizmo_text(card)),
        ("cat.json", cat_json_text(card)),
    ):
        with open(os.path.join(folder, file_name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    return folder


def _knob(knob, nuke):
    kinds = {"int": nuke.Int_Knob, "float": nuke.Double_Knob, "bool": nuke.Boolean_Knob}
    made = kinds[knob["kind"]](knob["name"], knob["label"])
    if "range" in knob:
        made.setRange(*knob["range"])
    made.setValue(knob["default"])
    return made


def cat_json_text(card):
    """The Cattery's description of the folder."""
    name = card["name"]
    described = {
        "minimum_nuke_version_required": card["minimum_nuke_version"],
        "version": 1,
        "category": CATEGORY,
        "description": f"{name}: poster styles ({', '.join(_styles(card))})",
        "cats": [{"filepath": name + ".gizmo", "name": name, "icon": ""}],
    }
    return json.dumps(described, indent=2) + "\n"


def gizmo_text(card):
    """The node as an artist sees it: a style by name, and its knobs on the Inference inside."""
    return _GIZMO.substitute(
        name=card["name"],
        knobs="\n".join(line for knob in card["knobs"] for line in _knob_lines(knob)),
        serialised="".join(f"{knob['name']}:{{parent.{knob['name']}}};" for knob in card["knobs"]),
        about=_quoted(
            f"pack {card['pack']}, {card['pack_sha256'][:12]}; exported by torch {card['torch']};"
            " not run in Nuke by its makers"
        ),
    )


def _knob_lines(knob):
    """One knob of the node's panel, and its value."""
    name, value, what = knob["name"], knob["default"], "7"
    flags = ["l", _quoted(knob["label"]), "t", _quoted(knob["tooltip"])]
    if "values" in knob:
        # Its value in an expression is the position, which is what the network's knob is.
        what, value = "4", knob["values"][value]
        flags += ["M", "{" + " ".join(knob["values"]) + "}"]
    elif knob["kind"] == "bool":
        what, value = "6", "true" if value else "false"
        flags += ["+STARTLINE"]
    else:
        flags += ["R", *(f"{end:g}" for end in knob["range"])]
    return [" addUserKnob {" + " ".join([what, name, *flags]) + "}", f" {name} {value}"]


def _styles(card):
    return next(knob["values"] for knob in card["knobs"] if knob["name"] == "style")


def _quoted(text):
    """Text in Tcl's quotes, where only these four characters mean something."""
    for character in '\\"[$':
        text = text.replace(character, "\\" + character)
    return f'"{text}"'


def cattery_folder(environment):
    """The one that NLE_STYLE_CATTERY names; else that in Nuke's `.nuke`, which is under HOME where
    that is set, on Windows too."""
    home = environment.get("HOME") or os.path.expanduser("~")
    return environment.get("NLE_STYLE_CATTERY") or f"{home}/.nuke/Cattery"


def _card_beside(script):
    """NAME_make_cat.py -> NAME.json, in the same folder; else the last argument."""
    stem, tail = os.path.splitext(os.path.abspath(script))[0], "_make_cat"
    return stem[: -len(tail)] + ".json" if stem.endswith(tail) else sys.argv[-1]


def _main():
    import nuke

    cattery = cattery_folder(os.environ)
    script = globals().get("__file__") or sys.argv[0]
    try:
        print(f"nle_style: made {make(_card_beside(script), cattery, nuke)}")
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        print(f"nle_style: no .cat was made: {error}")
        sys.exit(1)


if __name__ == "__main__":
    _main()
