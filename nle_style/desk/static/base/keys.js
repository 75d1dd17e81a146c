/** The page's keys, and the list of them. */

import { el } from "./dom.js";
import { state } from "./store.js";

const CHOOSING = ["choose"];
const bindings = [];

const LIST = {
  Shots: [
    ["↑ ↓", "the shot before, the shot after"],
    ["← →", "the frame before, the frame after; in the timeline: the shot"],
    ["Shift ← →", "in the timeline: select more shots"],
    ["Ctrl ← →, Ctrl Space", "in the timeline: go to a shot, add it or take it out"],
    ["Ctrl A", "in the timeline: select all"],
  ],
  Look: [
    ["1 … 9, 0", "the look with that number"],
    ["Shift 1 … 0", "blend with it; while comparing: show it on the right"],
    ["Delete", "no look"],
    ["− +", "strength, by 5%"],
    ["Ctrl C, Ctrl V", "copy the look, paste it on all that is selected"],
    ["Ctrl Z, Ctrl Shift Z", "undo, redo"],
  ],
  Picture: [
    ["S", "source or painting"],
    ["C", "two looks side by side"],
    ["F", "the picture alone"],
  ],
  Page: [
    ["R", "go to Render"],
    ["J", "go to Judge, which has keys of its own"],
    ["Esc", "back to Choose"],
    ["?", "this list"],
  ],
};

/** Have `run` called with the event of any of these keys ("Ctrl+Z", "Shift+1", "S", "?"). */
export function bind(keys, run, panes = CHOOSING) {
  bindings.push({ keys: [keys].flat(), run, panes });
}

/** The name of what was pressed. Digits go by their place: with Shift they give other signs. */
function nameOf(event) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const key = digit ? digit[1] : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const ctrl = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  // Signs such as ? and + need Shift on one keyboard and none on another.
  const shift = event.shiftKey && (digit || key.length > 1 || /[A-Z]/.test(key)) ? "Shift+" : "";
  return ctrl + shift + key;
}

const MOVES = /^(Shift\+)?(Arrow|Home|End|Page)/;

/** Whether the element under the keys needs this one itself. */
function isTaken(target, name) {
  if (name === "Ctrl+C" && !getSelection().isCollapsed) return true;
  if (target.matches("input[type=range], input[type=radio]")) return MOVES.test(name);
  return target.matches("input, textarea, select, [contenteditable]");
}

function pressed(event) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  const name = nameOf(event);
  if (isTaken(event.target, name)) return;
  const binding = bindings.find((it) => it.keys.includes(name) && it.panes.includes(state.pane));
  if (!binding) return;
  event.preventDefault();
  binding.run(event);
}

/** Open the list. */
export function showKeys() {
  const dialog = document.getElementById("keys");
  const close = el("button", { text: "Close", onclick: () => dialog.close() });
  const sections = Object.entries(LIST).map(([group, lines]) =>
    el("section", {}, el("h3", { text: group }), el("dl", {}, ...lines.map(makeLine))),
  );
  dialog.replaceChildren(
    el("header", {}, el("h2", { id: "keys-title", text: "Keys" }), close),
    el("div", { class: "columns" }, ...sections),
  );
  dialog.showModal();
}

function makeLine([keys, text]) {
  const names = keys.split(", ").map((key) => el("kbd", { text: key }));
  return el("div", {}, el("dt", {}, ...names), el("dd", { text }));
}

export function startKeys() {
  document.addEventListener("keydown", pressed);
}
