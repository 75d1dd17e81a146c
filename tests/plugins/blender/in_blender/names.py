"""The steps that `test_names.py` asks for, run in Blender: every name that the add-on uses."""

import ast
import glob
import hashlib
import importlib
import io
import os
import re
import subprocess
import sys

import bpy
import bpy.utils.previews

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

FOUND = inside.FOUND


def defined_in(tree):
    """What a source defines itself: functions, classes, variables, and the attributes it sets."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield from [node.attr] if ast.unparse(node.value) == "self" else []


def of_python(trees):
    """The names of built-in types' attributes, and of the modules that the sources import."""
    values = ["", b"", [], {}, set(), (), 0, 0.0, OSError(), re.compile(""), re.match("", "")]
    values += [hashlib.sha256(), io.TextIOWrapper, io.BufferedReader, subprocess.Popen, print]
    imported = (each for tree in trees for each in ast.walk(tree) if isinstance(each, ast.Import))
    names = {alias.name for each in imported for alias in each.names if alias.name[:3] != "bpy"}
    modules = [importlib.import_module(name) for name in names]
    classes = [
        value for each in modules for value in vars(each).values() if isinstance(value, type)
    ]
    return {name for each in [*values, *modules, *classes, os.path] for name in dir(each)}


def of_blender():
    found = set(dir(bpy.utils.previews.ImagePreviewCollection))
    for name in dir(bpy.types):
        kind = getattr(bpy.types, name)
        found |= set(dir(kind))
        if hasattr(kind, "bl_rna"):
            found |= {*kind.bl_rna.properties.keys(), *kind.bl_rna.functions.keys()}
    return found


def chains_in(tree):
    """The nodes of `bpy.x.y`, and of every `bpy.x` in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.fullmatch(r"bpy(\.\w+)+", ast.unparse(node)):
            yield node


def is_there(chain):
    value = bpy
    for name in chain.split(".")[1:]:
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    # Any name of an operator is taken; only one that is there has a description.
    return not chain.startswith("bpy.ops.") or chain.count(".") < 3 or _is_operator(value)


def _is_operator(value):
    try:
        value.get_rna_type()
    except KeyError:
        return False
    return True


def unknown_in(source, trees):
    """The attributes and chains of one source that neither it, Python nor Blender knows."""
    tree = ast.parse(source)
    chains = set(chains_in(tree))
    attributes = {node for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used = {node.attr for node in attributes - chains}
    known = {name for each in [*trees, tree] for name in defined_in(each)}
    gone = {chain for chain in map(ast.unparse, chains) if not is_there(chain)}
    return sorted(used - known - of_python([*trees, tree]) - of_blender()) + sorted(gone)


def layout_faults(source):
    """What a panel's source says to its layout that this Blender's has no words for."""
    functions = bpy.types.UILayout.bl_rna.functions
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or "layout." not in ast.unparse(node.func):
            continue
        name = node.func.attr
        if name not in functions:
            yield name
            continue
        words = functions[name].parameters
        for keyword in node.keywords:
            if keyword.arg not in words:
                yield f"{name}({keyword.arg}=)"
            elif keyword.arg == "icon" and keyword.value.value not in words["icon"].enum_items:
                yield f"{name}(icon={keyword.value.value})"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


inside.new_scene(24)
package, plugins = sys.modules["nle_style_blender"].__path__
paths = glob.glob(os.path.join(package, "**", "*.py"), recursive=True)
client = glob.glob(os.path.join(plugins, "client", "*.py"))
trees = [ast.parse(read(path)) for path in [*paths, *client]]
FOUND["files"] = len(paths)
FOUND["unknown"] = sorted({name for path in paths for name in unknown_in(read(path), trees)})
FOUND["panel"] = list(layout_faults(read(os.path.join(package, "panel.py"))))
WRONG = (
    "import bpy\nbpy.ops.sequencer.redouble()\nbpy.utils.user_place()\n"
    "strip.frame_final_begin = strip.frame_final_start\n"
)
FOUND["wrong"] = unknown_in(WRONG, trees)
FOUND["wrong panel"] = list(
    layout_faults("layout.words()\nself.layout.label(word='')\nlayout.label(icon='ELEPHANT')\n")
)
FOUND["manifest"] = None
command = os.path.join("addons_core", "bl_pkg", "cli", "blender_ext.py")
command = os.path.join(bpy.utils.system_resource("SCRIPTS"), command)
if os.path.isfile(command):  # from 4.2 on
    folder = os.path.dirname(sys.modules[inside.MODULE].__file__)
    told = subprocess.run(
        [sys.executable, command, "validate", folder], capture_output=True, text=True
    )
    FOUND["manifest"] = [told.returncode, told.stdout + told.stderr]
inside.done()
