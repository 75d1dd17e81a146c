/**
 * Judging: source and painting of a shot out of one stream, and what is said of it.
 *
 * A review folder has this module and the two that it imports inside its page, which is opened from a
 * disk: none of their names is the same, and each import is one line. Frames are counted from 0
 * within the shot here; people read the entry's `numbers`.
 */

import { makeFacts, makeKeys } from "./judge_panels.js";
import { MODES, Player, Stage, el } from "./judge_player.js";

const WORDS = { approved: "Approved", "sent back": "Sent back" };
const button = (key, text, onclick, more = {}) =>
  el("button", { type: "button", onclick, ...more }, text, " ", el("kbd", { text: key }));

/**
 * Judge shots in an element.
 *
 * @param root emptied, and filled.
 * @param entries what there is to judge. `stills` is an address with {frame} (a position in the
 *   source) and {side} in it, or a list of {frame, source, painted}.
 * @param hooks `save(id, {verdict, note, frame})` gives a promise; `readonly` takes no verdicts;
 *   `list: false` leaves out the list of shots; `shown(id)` is told of another shot; `leave()` is
 *   what Esc does.
 * @returns `show(id)` and `destroy()`.
 */
export function judge(root, entries, hooks = {}) {
  if (!entries.length) {
    const text = "There is nothing to judge yet: no shot of this cut is rendered.";
    root.replaceChildren(el("div", { class: "judge blank" }, el("p", { text })));
    return { show() {}, refresh() {}, destroy: () => root.replaceChildren() };
  }
  let entry = null;
  let dirty = false;
  let noteFrame = null;
  let queue = Promise.resolve();
  const video = el("video", { muted: true, playsinline: true, preload: "auto", tabindex: -1 });
  video.muted = true;
  const stage = new Stage(video);
  const message = el("div", { class: "message", role: "status" });
  const player = new Player(video, { frame: showFrame, playing: showPlaying, failed: showFailure });

  const modes = Object.entries(MODES).map(([mode, text], place) =>
    button(place + 1, text, () => setMode(mode), { "data-mode": mode }),
  );
  const play = button("Space", "Play", () => player.toggle(), { class: "play" });
  const full = button("F", "Still", showStill, { "aria-pressed": "false" });
  const scrub = el("input", { type: "range", min: 0, step: 1, "aria-label": "Frame" });
  scrub.addEventListener("input", () => (leaveStill(), player.stop(), player.seek(+scrub.value)));
  const number = el("output", { class: "number" });
  const looped = el("span", { class: "looped" });
  const loopKeys = [
    button("I", "In", () => setLoop(player.frame, Math.max(player.last, player.frame))),
    button("O", "Out", () => setLoop(Math.min(player.first, player.frame), player.frame)),
  ];
  const whole = button("U", "Whole shot", () => setLoop(0, entry.count - 1));

  const state = el("p", { class: "state", role: "status" });
  const approve = button("A", "Approve", () => save("approved"), { "data-verdict": "approved" });
  const back = button("B", "Send back", () => save("sent back"), { "data-verdict": "sent back" });
  const take = button("T", "Take back", () => save(null));
  const note = el("textarea", { rows: 4, maxlength: 10000, "aria-label": "Note" });
  const about = el("button", { type: "button", class: "about", onclick: () => goTo(noteFrame) });
  const pin = el("button", { type: "button", onclick: () => (pinNote(noteFrame === null), save()) });
  const saved = el("p", { class: "saved", role: "status" });
  const again = el("button", { type: "button", hidden: true, text: "Try again", onclick: () => save() });
  const facts = el("div", { class: "facts" });
  const list = el("ol", { class: "shots", "aria-label": "Shots" });
  const counts = el("p", { class: "counts" });
  const keys = makeKeys();

  note.addEventListener("input", () => {
    if (noteFrame === null && !entry.note && !dirty) pinNote(true);
    dirty = true;
    saved.textContent = "Not saved yet";
  });
  note.addEventListener("change", () => save());
  stage.handle.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[event.key];
    const to = { Home: 0, End: 100 }[event.key] ?? (by ? stage.wipe + by * (event.shiftKey ? 10 : 1) : null);
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    stage.setWipe(to);
  });

  const rows = new Map(entries.map((each) => [each.id, makeRow(each)]));
  list.append(...[...rows.values()].map((row) => el("li", {}, row)));
  const side = el("div", { class: "side" },
    el("div", { class: "verdict" }, state, el("div", { class: "row" }, approve, back, take),
      el("label", {}, el("span", { text: "Note " }, el("kbd", { text: "N" })), note),
      el("div", { class: "row" }, about, pin), el("div", { class: "row" }, saved, again)),
    facts,
  );
  const view = el("div", { class: "judge" },
    el("nav", { class: "list", hidden: hooks.list === false }, counts, list),
    el("div", { class: "middle" },
      el("div", { class: "row modes" }, ...modes, full,
        el("button", { type: "button", class: "help", onclick: () => keys.showModal() }, "Keys ", el("kbd", { text: "?" }))),
      el("div", { class: "stage" }, stage.picture, message),
      scrub,
      el("div", { class: "row transport" }, play, number, looped, ...loopKeys, whole)),
    side, keys,
  );
  root.replaceChildren(view);
  for (const each of [approve, back, pin]) each.disabled = Boolean(hooks.readonly);
  note.readOnly = Boolean(hooks.readonly);

  function makeRow(each) {
    const where = each.timeline ? each.timeline[0] : "";
    return el("button", { type: "button", onclick: () => show(each.id) },
      el("b", { text: each.name }), el("span", { class: "where", text: where }), el("span", { class: "word" }));
  }

  function show(id) {
    const next = entries.find((each) => each.id === id);
    if (!next || next === entry) return;
    if (dirty) save();
    leaveStill();
    entry = next;
    dirty = false;
    say("Loading the pictures of this shot…", true);
    number.textContent = "";
    scrub.max = entry.count - 1;
    scrub.value = 0;
    showSaid();
    saved.textContent = "";
    again.hidden = true;
    full.disabled = !entry.stills?.length;
    player.open(entry.proxy, entry.rate[0] / entry.rate[1], entry.count);
    showLoop();
    facts.replaceChildren(...makeFacts(entry));
    for (const [each, row] of rows) row.setAttribute("aria-current", each === id);
    rows.get(id).scrollIntoView({ block: "nearest" });
    hooks.shown?.(id);
  }

  /** In the place of the pictures: that they are on their way, or why they do not come. */
  function say(text, busy = false) {
    message.replaceChildren(el("p", { text }));
    message.hidden = !text;
    message.toggleAttribute("data-busy", busy);
    stage.picture.classList.toggle("waiting", Boolean(text));
  }

  function showFrame(frame) {
    if (!message.hidden) say("");
    scrub.value = frame;
    scrub.setAttribute("aria-valuetext", `frame ${named(frame)}`);
    if (full.getAttribute("aria-pressed") === "true") return;
    number.textContent = `Frame ${named(frame)} · ${frame + 1} of ${entry.count}`;
    stage.draw();
  }

  const named = (frame) => entry.numbers[0] + frame;

  function showPlaying(playing) {
    if (playing) leaveStill();
    play.firstChild.data = playing ? "Stop" : "Play";
  }

  async function showFailure() {
    const failed = entry;
    let why = "Its file is missing, or this browser cannot play it (VP9 in WebM).";
    // From a disk nothing can be asked for; the desk says why it made no proxy.
    if (location.protocol !== "file:") {
      const answer = await fetch(failed.proxy, { headers: { Range: "bytes=0-0" } }).catch(() => null);
      const told = answer?.ok ? null : await answer?.json().catch(() => null);
      why = told?.error ?? (answer ? why : "The desk does not answer.");
    }
    if (entry !== failed) return;
    say(`The pictures of this shot cannot be shown. ${why}`);
    message.append(el("button", { type: "button", text: "Try again", onclick: reload }));
  }

  function reload() {
    say("Loading the pictures of this shot…", true);
    player.open(entry.proxy, entry.rate[0] / entry.rate[1], entry.count);
    showLoop();
  }

  function setMode(mode) {
    stage.setMode(mode);
    for (const each of modes) each.setAttribute("aria-pressed", each.dataset.mode === mode);
  }

  function setLoop(first, last) {
    player.loop(Math.max(first, 0), Math.max(last, 0));
    showLoop();
  }

  function showLoop() {
    const { first, last, count } = player;
    whole.disabled = first === 0 && last === count - 1;
    looped.textContent = whole.disabled ? "" : `Loop ${named(first)}–${named(last)}`;
    scrub.style.setProperty("--in", `${(100 * first) / count}%`);
    scrub.style.setProperty("--out", `${(100 * (last + 1)) / count}%`);
  }

  /** A still of the frame that is seen, or of the nearest that there is one of. */
  async function showStill() {
    if (full.getAttribute("aria-pressed") === "true") return leaveStill();
    const { stills, frames } = entry;
    if (!stills?.length) return;
    player.stop();
    const asked = entry;
    const wanted = frames[0] + Math.max(player.frame, 0);
    let found = { frame: wanted };
    if (typeof stills === "string") {
      for (const each of ["source", "painted"]) {
        found[each] = stills.replace("{frame}", wanted).replace("{side}", each);
      }
    } else {
      const far = (one) => Math.abs(one.frame - wanted);
      found = stills.reduce((best, one) => (far(one) < far(best) ? one : best));
    }
    full.setAttribute("aria-pressed", "true");
    player.seek(found.frame - frames[0]);
    full.setAttribute("aria-busy", "true");
    number.textContent = `Loading the still of frame ${named(found.frame - frames[0])}…`;
    const images = [found.source, found.painted].map((src) => Object.assign(new Image(), { src }));
    try {
      await Promise.all(images.map((image) => image.decode()));
      if (entry !== asked || full.getAttribute("aria-pressed") !== "true") return;
      stage.stills = images;
      stage.draw();
      const { naturalWidth, naturalHeight } = images[0];
      number.textContent =
        `Still of frame ${named(found.frame - frames[0])}, ${naturalWidth} × ${naturalHeight}`;
    } catch {
      if (entry !== asked) return;
      leaveStill();
      number.textContent = "The still cannot be read. Render the shot again, or copy the folder again.";
    } finally {
      full.removeAttribute("aria-busy");
    }
  }

  function leaveStill() {
    if (full.getAttribute("aria-pressed") !== "true") return;
    full.setAttribute("aria-pressed", "false");
    stage.stills = null;
    if (player.frame >= 0) showFrame(player.frame);
  }

  function goTo(position) {
    leaveStill();
    player.stop();
    player.seek(position - entry.frames[0]);
  }

  function showSaid() {
    note.value = entry.note ?? "";
    noteFrame = entry.note_frame ?? null;
    showVerdict();
  }

  function showVerdict() {
    state.textContent = WORDS[entry.verdict] ?? "Not judged";
    state.dataset.verdict = entry.verdict ?? "";
    for (const each of [approve, back]) {
      each.setAttribute("aria-pressed", each.dataset.verdict === entry.verdict);
    }
    take.disabled = hooks.readonly || !entry.verdict;
    const pinned = noteFrame !== null;
    about.hidden = !pinned;
    about.textContent = pinned ? `About frame ${named(noteFrame - entry.frames[0])}` : "";
    pin.textContent = pinned ? "About the whole shot" : "About this frame";
    showWord(entry);
  }

  function showWord(each) {
    const word = rows.get(each.id).querySelector(".word");
    word.textContent = WORDS[each.verdict] ?? (each.note ? "Note" : "");
    word.dataset.verdict = each.verdict ?? "";
  }

  function showCounts() {
    const sum = (verdict) => entries.filter((each) => each.verdict === verdict).length;
    counts.textContent =
      `${sum("approved")} of ${entries.length} approved, ${sum("sent back")} sent back`;
  }

  function pinNote(pinned) {
    noteFrame = pinned ? entry.frames[0] + Math.max(player.frame, 0) : null;
    showVerdict();
  }

  /** What is said now goes to the hook, one after the other; another shot may be seen by then. */
  async function save(verdict = entry.verdict) {
    if (hooks.readonly) return;
    const said = entry;
    const before = { verdict: said.verdict, note: said.note, note_frame: said.note_frame };
    if (!note.value) noteFrame = null;
    const now = { verdict: verdict ?? null, note: note.value, frame: noteFrame };
    dirty = false;
    again.hidden = true;
    saved.textContent = "Saving…";
    Object.assign(said, { verdict: now.verdict, note: now.note, note_frame: now.frame });
    showVerdict();
    showCounts();
    queue = queue.then(() => hooks.save?.(said.id, now)).then(
      () => {
        if (entry === said && !dirty) saved.textContent = "Saved";
      },
      (fault) => {
        Object.assign(said, before);
        showWord(said);
        showCounts();
        saved.textContent = `Not saved (${said.name}): ${fault.message}`;
        again.hidden = entry !== said;
        again.onclick = () => save(verdict);
        if (entry !== said) return;
        dirty = true;
        showVerdict();
      },
    );
  }

  /** The shot that many places on; with a note, if asked for. */
  function move(by, noted = false) {
    let place = entries.indexOf(entry) + by;
    while (noted && entries[place] && !entries[place].note) place += by;
    if (entries[place]) show(entries[place].id);
  }

  function onKey(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const { target, key } = event;
    if (target === note) {
      if (key === "Escape") note.blur();
      return;
    }
    if (target.matches?.("input:not([type=range]), textarea, select, [contenteditable]")) return;
    if (target === stage.handle && /^(Arrow|Home|End)/.test(key)) return;
    if (key === " " && target.matches?.("button, a")) return;
    const act = actions[key.length === 1 ? key.toUpperCase() : key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  }

  const by = (event) => (event.shiftKey ? 10 : 1);
  const step = (count) => (leaveStill(), player.step(count));
  const actions = {
    1: () => setMode("source"),
    2: () => setMode("painted"),
    3: () => setMode("wipe"),
    4: () => setMode("difference"),
    S: () => setMode(stage.mode === "source" ? "painted" : "source"),
    "-": () => stage.setWipe(stage.wipe - 5),
    "+": () => stage.setWipe(stage.wipe + 5),
    "=": () => stage.setWipe(stage.wipe + 5),
    F: showStill,
    " ": () => player.toggle(),
    ArrowLeft: (event) => step(-by(event)),
    ArrowRight: (event) => step(by(event)),
    Home: () => step(-entry.count),
    End: () => step(entry.count),
    I: () => loopKeys[0].click(),
    O: () => loopKeys[1].click(),
    U: () => whole.click(),
    A: () => save("approved"),
    B: () => save("sent back"),
    T: () => take.click(),
    N: () => note.focus(),
    ArrowUp: () => move(-1),
    ArrowDown: () => move(1),
    ",": () => move(-1, true),
    ".": () => move(1, true),
    "?": () => keys.showModal(),
    ...(hooks.leave ? { Escape: () => hooks.leave() } : {}),
  };

  document.addEventListener("keydown", onKey, true);
  setMode("wipe");
  for (const each of entries) showWord(each);
  showCounts();
  show(entries[0].id);
  return {
    show,
    /** What is said of entries was changed from outside; a note that is being written stays. */
    refresh() {
      for (const each of entries) showWord(each);
      showCounts();
      if (!dirty) showSaid();
    },
    destroy() {
      if (dirty) save();
      document.removeEventListener("keydown", onKey, true);
      video.removeAttribute("src");
      video.load();
      root.replaceChildren();
    },
  };
}
