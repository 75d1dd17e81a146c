/** The page: its panes, its keys, and the line to the server. */

import { get, listen } from "./base/api.js";
import { announce, el } from "./base/dom.js";
import { bind, showKeys, startKeys } from "./base/keys.js";
import { goBack, on, setPane, setProject, setRender, setShots, settle, setUndo, state } from "./base/store.js";
import { startChoosing } from "./choosing/choosing.js";
import { startJudging } from "./judging.js";
import { startRendering } from "./rendering.js";
import { startTimeline } from "./timeline.js";

const PANES = ["choose", "render", "judge"];
const EVERYWHERE = PANES;
const LINES = {
  on: "",
  lost: "The desk does not answer. The page goes on by itself when it is back.",
  over: "The desk was started anew. Open the address that it printed.",
};

const at = (id) => document.getElementById(id);
let line = "";

async function load() {
  const wait = at("wait");
  try {
    setProject(await get("/api/project"));
  } catch (fault) {
    if (state.project) return;
    wait.replaceChildren(
      el("p", { text: fault.message }),
      el("button", { text: "Try again", onclick: () => location.reload() }),
    );
    return;
  }
  const { name, folder, shots } = state.project;
  document.title = `${name} – desk`;
  at("cut").textContent = name;
  at("cut").title = `Written to ${folder}`;
  wait.hidden = shots.length > 0;
  if (!shots.length) {
    wait.replaceChildren(el("p", { text: `There is no shot with a picture in ${name}.` }));
  }
  showPane();
}

function showPane() {
  const ready = state.project?.shots.length > 0;
  for (const pane of PANES) {
    const chosen = pane === state.pane;
    at(pane).hidden = !chosen || !ready;
    at(`tab-${pane}`).setAttribute("aria-selected", String(chosen));
    at(`tab-${pane}`).tabIndex = chosen ? 0 : -1;
  }
  // Judging lists its own keys.
  at("help").hidden = state.pane === "judge";
  showRun();
}

/** How far the render is, wherever one is on the page. */
function showRun() {
  const { running, done, frames } = state.project.render;
  at("running").hidden = !running || state.pane === "render";
  at("running").textContent = `Rendering ${done} of ${frames}`;
}

function showUndo() {
  at("undo").disabled = !state.project.can_undo;
  at("redo").disabled = !state.project.can_redo;
}

function showLine(now) {
  // After the first connection every other one may have missed something.
  if (now === "on" && line && line !== "on") load();
  line = now;
  at("connection").textContent = LINES[now];
}

function startTabs() {
  for (const [index, pane] of PANES.entries()) {
    const tab = at(`tab-${pane}`);
    tab.addEventListener("click", () => setPane(pane));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = PANES[(index + step + PANES.length) % PANES.length];
      setPane(next);
      at(`tab-${next}`).focus();
    });
  }
}

function start() {
  startTimeline(at("strip"));
  startChoosing(at("choose"));
  startRendering(at("render"));
  startJudging(at("judge"));
  startTabs();
  startKeys();
  on("pane", showPane);
  on("render", showRun);
  on("undo", showUndo);
  at("help").addEventListener("click", showKeys);
  at("running").addEventListener("click", () => setPane("render"));
  at("undo").addEventListener("click", () => goBack("undo"));
  at("redo").addEventListener("click", () => goBack("redo"));
  bind("Ctrl+Z", () => goBack("undo").then(() => announce("Undone")), EVERYWHERE);
  bind(["Ctrl+Shift+Z", "Ctrl+Y"], () => goBack("redo").then(() => announce("Redone")), EVERYWHERE);
  bind("?", showKeys, ["choose", "render"]);
  bind("R", () => setPane("render"), ["choose"]);
  bind("J", () => setPane("judge"), ["choose", "render"]);
  bind("Escape", leave, EVERYWHERE);
  addEventListener("pagehide", settle);
  listen({ render: setRender, shots: ({ shots }) => setShots(shots), undo: setUndo }, showLine);
  load();
}

function leave() {
  document.body.classList.remove("alone");
  setPane("choose");
}

start();
