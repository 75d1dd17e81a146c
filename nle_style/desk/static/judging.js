/** The pane that judges: it holds judge.js, which a review folder has as well, and the exports. */

import { post } from "./base/api.js";
import { announce, complain, el } from "./base/dom.js";
import { currentShot, on, select, setPane, setShots, state } from "./base/store.js";

export function startJudging(root) {
  const said = el("p", { class: "hint", role: "status" });
  const more = el("button", { hidden: true, text: "Show what was rendered meanwhile", onclick: open });
  const csv = el("a", { class: "button", href: "/api/export/notes.csv", download: "", text: "Notes as CSV" });
  const markers = el("button", { text: "Markers into a timeline", onclick: writeMarkers });
  const bar = el("div", { class: "head" }, el("h2", { text: "Judge" }), said, more, csv, markers);
  const room = el("div", { class: "room" });
  root.append(bar, room);
  let judging = null;
  let shown = "";

  function rendered() {
    return [...state.shots.values()].filter((shot) => shot.review);
  }

  const idsOf = (shots) => shots.map((shot) => shot.id).join();

  async function open() {
    close();
    const shots = rendered();
    shown = idsOf(shots);
    more.hidden = true;
    csv.hidden = !shots.length;
    markers.hidden = !state.project.shots.some((shot) => shot.timeline);
    if (!shots.length) {
      room.replaceChildren(
        el(
          "div",
          { class: "blank" },
          el("p", { text: "Nothing is rendered yet." }),
          el("button", { text: "Go to Render", onclick: () => setPane("render") }),
        ),
      );
      return;
    }
    try {
      const { judge } = await import("./judge.js");
      if (state.pane !== "judge") return;
      room.replaceChildren();
      const entries = shots.map((shot) => shot.review);
      // The timeline below the pane is the list of shots.
      judging = judge(room, entries, { save, list: false, shown: select, leave });
      judging.show((currentShot()?.review ? currentShot() : shots[0]).id);
    } catch (fault) {
      room.replaceChildren(el("div", { class: "blank" }, el("p", { text: fault.message })));
    }
  }

  function close() {
    judging?.destroy();
    judging = null;
  }

  const leave = () => setPane("choose");

  async function save(shot, { verdict, note, frame }) {
    setShots([await post("/api/verdict", { shot, verdict, note, frame })]);
    announce(verdict ?? "verdict taken back");
  }

  async function writeMarkers() {
    try {
      const { path } = await post("/api/export/markers");
      said.textContent = `Written: ${path}`;
    } catch (fault) {
      complain(fault.message);
    }
  }

  on("pane", () => {
    if (state.pane === "judge") open();
    else close();
  });
  on("current", () => {
    if (judging && currentShot()?.review) judging.show(state.current);
  });
  on("shots", () => {
    if (state.pane !== "judge") return;
    if (!judging) open();
    else more.hidden = idsOf(rendered()) === shown;
  });
}
