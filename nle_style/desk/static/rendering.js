/** The pane that renders: what there is to do, how far it is, and how it ended. */

import { get, post } from "./base/api.js";
import { announce, complain, duration, el, icon, size } from "./base/dom.js";
import { on, select, settle, setPane, state } from "./base/store.js";

const QUARTERS = 4;

const STOPPED = "Stopped. What is finished is kept, and Render goes on from there.";
const CANCELLED = 130;

export function startRendering(root) {
  const head = el("div", { class: "head" });
  const totals = el("p", { class: "totals" });
  const go = el("button", { class: "primary", onclick: start });
  const stop = el("button", { text: "Cancel", hidden: true, onclick: cancel });
  const meter = el("progress", { "aria-label": "Frames rendered", max: 1, value: 0 });
  const progress = el("p", { class: "progress" });
  const running = el("div", { class: "meter", hidden: true }, meter, progress);
  const ending = el("p", { class: "ending", hidden: true });
  const body = el("tbody", {});
  const columns = ["shot", "look", "frames", "time", "disk", "intermediate", "state"];
  const table = el(
    "table",
    { hidden: true },
    el("caption", { class: "unseen", text: "What is rendered" }),
    el("thead", {}, el("tr", {}, ...columns.map((text) => el("th", { scope: "col", text })))),
    body,
  );
  head.append(el("div", { class: "say" }, el("h2", { text: "Render" }), totals), stop, go);
  root.append(head, running, ending, el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Plan" }, table));

  let plan = null;
  let ready = false;
  let painted = null;
  let wanted = new AbortController();
  let was = false;
  let quarter = 0;

  async function count() {
    wanted.abort();
    wanted = new AbortController();
    const { signal } = wanted;
    go.disabled = true;
    totals.textContent = "Counting what there is to do; one frame of every kind is painted for the time…";
    await settle();
    try {
      plan = await get("/api/plan", signal);
    } catch (fault) {
      if (signal.aborted) return;
      plan = null;
      table.hidden = true;
      totals.textContent = fault.message;
      return;
    }
    show();
  }

  function show() {
    const { rows, seconds, bytes, free_bytes } = plan;
    const left = rows.filter((row) => row.status === "to render");
    const frames = left.reduce((sum, row) => sum + row.frames, 0);
    const chosen = rows.length > 0;
    table.hidden = !chosen;
    body.replaceChildren(...rows.map(makeRow));
    totals.textContent = !chosen
      ? "No shot has a look yet. Choose one first."
      : frames
        ? `${frames} frames to paint, about ${duration(seconds)}, ${size(bytes)} on disk (${size(free_bytes)} are free)`
        : "All of it is rendered.";
    totals.classList.toggle("fault", bytes > free_bytes);
    if (bytes > free_bytes) totals.textContent += ". The disk will not do: free some space, or choose another folder.";
    ready = frames > 0;
    go.disabled = !ready;
    go.textContent = frames ? `Render ${frames} frames` : "Render";
  }

  function makeRow(row) {
    const shot = state.shots.get(row.shot);
    const refused = row.status === "refused";
    const name = el("button", {
      class: "link",
      text: row.name,
      title: "Choose its look",
      onclick: () => (select(row.shot), setPane("choose")),
    });
    const cells = [
      row.look,
      String(row.frames),
      refused ? "–" : duration(row.seconds),
      refused ? "–" : size(row.bytes),
      refused ? row.error : row.path,
    ].map((text) => el("td", { text }));
    const now = el("td", { class: "badge" });
    const line = el("tr", { class: refused ? "refused" : "" }, el("th", { scope: "row" }, name), ...cells, now);
    showState(now, shot, row);
    return line;
  }

  function showState(cell, shot, row) {
    const words = { "to render": "to render", present: "there already", refused: "refused" };
    const moving = ["waiting", "rendering", "rendered", "refused", "approved"].includes(shot?.state);
    const name = moving ? shot.state : row.status === "refused" ? "refused" : "chosen";
    cell.dataset.state = name;
    cell.replaceChildren(icon(name), moving && row.status !== "present" ? name : words[row.status]);
  }

  function showStates() {
    plan?.rows.forEach((row, index) => {
      showState(body.children[index].lastChild, state.shots.get(row.shot), row);
    });
  }

  function showRun() {
    const { running: runs, frames, done, seconds_left, frames_per_second, shot, message, exit_code } =
      state.project.render;
    running.hidden = !runs;
    stop.hidden = !runs;
    go.hidden = runs;
    ending.hidden = runs || exit_code === null;
    meter.max = frames || 1;
    if (frames) meter.value = done;
    else meter.removeAttribute("value");
    const parts = [frames ? `${done} of ${frames} frames` : "Reading the media…"];
    if (shot && state.shots.has(shot)) parts.unshift(state.shots.get(shot).name);
    if (frames_per_second) parts.push(`${frames_per_second.toFixed(1)} frames a second`);
    if (seconds_left !== null) parts.push(`${duration(seconds_left)} left`);
    progress.textContent = parts.join(" · ");
    ending.textContent = exit_code === CANCELLED ? STOPPED : message;
    ending.classList.toggle("fault", ![0, CANCELLED, null].includes(exit_code));
    stop.disabled = !runs;
    stop.textContent = "Cancel";
    if (shot !== painted) showStates();
    painted = shot;
    tellHowFar(runs, done, frames, seconds_left);
    if (was && !runs && state.pane === "render") count();
    was = runs;
  }

  /** A screen reader hears the beginning, every quarter and the end, and nothing between. */
  function tellHowFar(runs, done, frames, left) {
    const now = frames ? Math.floor((done / frames) * QUARTERS) : 0;
    if (runs && !was) announce("Rendering");
    else if (!runs && was) announce(ending.textContent);
    else if (runs && now > quarter && now < QUARTERS) {
      announce(`${now * 25}%${left === null ? "" : `, ${duration(left)} left`}`);
    }
    quarter = now;
  }

  async function start() {
    go.disabled = true;
    await tellServer("/api/render");
  }

  async function cancel() {
    stop.disabled = true;
    stop.textContent = "Stopping after this frame…";
    await tellServer("/api/cancel");
  }

  async function tellServer(path) {
    try {
      await post(path);
    } catch (fault) {
      complain(fault.message);
      showRun();
      go.disabled = !ready;
    }
  }

  on("render", showRun);
  on("shots", showStates);
  on("pane", () => {
    if (state.pane !== "render") wanted.abort();
    else if (!state.project.render.running) count();
    else totals.textContent = "";
  });
}
