/** What the page knows, and who is told when it changes. The server's word is the truth. */

import { post } from "./api.js";
import { complain } from "./dom.js";
import { inOrderOf } from "./look.js";

/** Milliseconds after the last movement of a slider until its look is written. */
const SETTLED = 250;

export const state = {
  project: null,
  /** id → shot, in the order of the timeline. */
  shots: new Map(),
  /** The shot that is shown; the selection always has it. */
  current: null,
  selected: new Set(),
  /** id → frame that is shown, where it is not the middle one. */
  frames: new Map(),
  /** A look that is being set and not written yet: {id, look}. */
  draft: null,
  /** The look that was copied. */
  copied: undefined,
  pane: "choose",
};

const listeners = new Map();

/**
 * Be told of a change: "project" (another list of shots), "shots" (ids that changed), "current",
 * "selected" (ids in or out), "frame", "look" (of the current shot), "render", "undo", "pane".
 */
export function on(kind, react) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(react);
}

function tell(kind, detail) {
  for (const react of listeners.get(kind) ?? []) react(detail);
}

export function currentShot() {
  return state.shots.get(state.current) ?? null;
}

/** The look of a shot as it is on the page, which may be ahead of what is written. */
export function lookOf(shot) {
  return state.draft?.id === shot.id ? state.draft.look : shot.look;
}

/** Whether there is anything to see of a shot: of a refused one there may be no media. */
export function hasPicture(shot) {
  return Boolean(shot?.source && shot.frames);
}

/** The frames of a shot that are offered for scrubbing: at most nine, from its first to its last. */
export function framesOf(shot) {
  const [first, last] = shot.frames;
  const count = Math.min(9, last - first + 1);
  if (count < 2) return [first];
  const step = (last - first) / (count - 1);
  return Array.from({ length: count }, (_, index) => first + Math.round(index * step));
}

export function middleOf(shot) {
  const frames = framesOf(shot);
  return frames[Math.floor(frames.length / 2)];
}

export function frameOf(shot) {
  return state.frames.get(shot.id) ?? middleOf(shot);
}

/** Take a whole project. Only shots that differ are told of, unless the list itself is another. */
export function setProject(project) {
  const first = !state.project;
  const before = [...state.shots.keys()].join();
  const shots = new Map(project.shots.map((shot) => [shot.id, known(shot)]));
  state.project = project;
  if (before !== [...shots.keys()].join()) {
    state.shots = shots;
    state.selected = new Set([...state.selected].filter((id) => shots.has(id)));
    if (!shots.has(state.current)) state.current = project.shots[0]?.id ?? null;
    if (state.current) state.selected.add(state.current);
    tell("project");
    tell("current");
  } else {
    setShots(project.shots);
  }
  tell("undo");
  tell("render");
  if (first) tell("pane");
}

export function setShots(shots) {
  const changed = [];
  for (const shot of shots.map(known)) {
    const before = state.shots.get(shot.id);
    if (!before || JSON.stringify(before) === JSON.stringify(shot)) continue;
    state.shots.set(shot.id, shot);
    changed.push(shot.id);
  }
  if (!changed.length) return;
  tell("shots", changed);
  if (changed.includes(state.current)) tell("look");
}

/** A shot from the server with the styles of its look in the order that they have on the page. */
function known(shot) {
  const before = state.shots.get(shot.id);
  return before ? { ...shot, look: inOrderOf(lookOf(before), shot.look) } : shot;
}

export function setRender(render) {
  if (!state.project) return;
  state.project.render = render;
  tell("render");
}

export function setUndo({ can_undo, can_redo }) {
  if (!state.project) return;
  Object.assign(state.project, { can_undo, can_redo });
  tell("undo");
}

export function setPane(pane) {
  if (pane === state.pane) return;
  state.pane = pane;
  // Until the cut is read no pane has anything to show: `setProject` tells of the one chosen by then.
  if (state.project) tell("pane");
}

/** Show a shot. Without more it alone is selected; `range` selects up to it, `toggle` adds it. */
export function select(id, { range = false, toggle = false } = {}) {
  const ids = [...state.shots.keys()];
  const before = state.selected;
  let selected = new Set([id]);
  let current = id;
  if (range && state.current) {
    const [a, b] = [ids.indexOf(state.current), ids.indexOf(id)].sort((x, y) => x - y);
    selected = new Set(ids.slice(a, b + 1));
    current = state.current;
  } else if (toggle) {
    selected = new Set(before);
    current = state.current;
    if (!selected.delete(id)) selected.add(id);
    else if (id === current) current = ids.find((other) => selected.has(other)) ?? id;
    selected.add(current);
  }
  state.selected = selected;
  tell("selected", [...new Set([...before, ...selected])].filter((x) => before.has(x) !== selected.has(x)));
  if (current !== state.current) {
    settle();
    state.current = current;
    tell("current");
  }
}

export function selectAll() {
  const added = [...state.shots.keys()].filter((id) => !state.selected.has(id));
  state.selected = new Set(state.shots.keys());
  tell("selected", added);
}

export function setFrame(frame) {
  state.frames.set(state.current, frame);
  tell("frame");
}

let timer = 0;
let writing = Promise.resolve();

/** Set the look of the current shot. It is shown at once and written when it has settled. */
export function setLook(look) {
  if (!state.current) return;
  state.draft = { id: state.current, look };
  tell("look");
  clearTimeout(timer);
  timer = setTimeout(settle, SETTLED);
}

/** Write what is not written yet. */
export function settle() {
  clearTimeout(timer);
  const draft = state.draft;
  if (!draft || draft.sent) return writing;
  draft.sent = true;
  return change("/api/looks", { shots: [draft.id], look: draft.look }, () => {
    if (state.draft !== draft) return;
    state.draft = null;
    tell("look");
  });
}

/** Give these shots a look; one step for undo. */
export function giveLook(ids, look) {
  settle();
  return change("/api/looks", { shots: ids, look });
}

/** "undo" or "redo". */
export function goBack(way) {
  settle();
  return change(`/api/${way}`);
}

/** One change after the other, in the order in which they were asked for. */
function change(path, body, done = () => {}) {
  writing = writing.then(async () => {
    try {
      // Kept alive: a slider may be let go and the page closed at once.
      setProject(await post(path, body, true));
    } catch (fault) {
      complain(fault.message);
    }
    done();
  });
  return writing;
}
