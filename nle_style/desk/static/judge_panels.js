/** What stands beside the pictures: the figures of a shot, and the list of keys. */

import { el } from "./judge_player.js";

const KEYS = {
  Picture: [
    ["1 2 3 4", "source, painting, wipe, difference"],
    ["S", "source or painting"],
    ["− +", "the wipe, by 5%"],
    ["F", "a still at full size"],
  ],
  Playing: [
    ["Space", "play, stop"],
    ["← →", "a frame back, a frame on; with Shift ten"],
    ["Home End", "the first frame, the last frame"],
    ["I O", "loop from here, loop to here"],
    ["U", "loop the whole shot again"],
  ],
  Verdict: [
    ["A", "approve"],
    ["B", "send back"],
    ["T", "take the verdict back"],
    ["N", "write a note; Esc leaves it"],
  ],
  Shots: [
    ["↑ ↓", "the shot before, the shot after"],
    [", .", "the note before, the note after"],
    ["?", "this list"],
  ],
};

/** The figures beside the pictures, in the words of the reports. */
export function makeFacts(entry) {
  const [first, last] = entry.numbers;
  const rows = [
    ["Shot", entry.name],
    ["Look", entry.look],
    ["Timeline", entry.timeline ? entry.timeline.join(" – ") : "no place in it"],
    ["Source frames", `${first}–${last}, ${(entry.rate[0] / entry.rate[1]).toFixed(3)} a second`],
    ["Size", `${entry.width} × ${entry.height}`],
    ["Checked", `${entry.checked} of ${entry.count} frames decoded back and compared`],
    ...entry.steadiness.map(({ frames, painted, source }) => [
      "Flicker",
      painted === null || source === null
        ? "not measured"
        : `${painted.toFixed(3)}; the source ${source.toFixed(3)}` +
          (entry.steadiness.length > 1 ? ` (frames ${frames.join("–")})` : ""),
    ]),
  ];
  const terms = rows.flatMap(([term, text]) => [el("dt", { text: term }), el("dd", { text })]);
  const notes = entry.notes.map((text) => el("li", { text }));
  return [el("dl", {}, ...terms), ...(notes.length ? [el("ul", {}, ...notes)] : [])];
}

/** A dialog that lists them. */
export function makeKeys() {
  const close = el("button", { type: "button", text: "Close", onclick: () => dialog.close() });
  const groups = Object.entries(KEYS).map(([group, lines]) => {
    const rows = lines.flatMap(([keys, text]) => [
      el("dt", {}, ...keys.split(" ").flatMap((key) => [el("kbd", { text: key }), " "])),
      el("dd", { text }),
    ]);
    return el("section", {}, el("h3", { text: group }), el("dl", {}, ...rows));
  });
  const dialog = el("dialog", { class: "judge-keys", "aria-label": "Keys" },
    el("div", { class: "row" }, el("h2", { text: "Keys" }), close), ...groups);
  return dialog;
}
