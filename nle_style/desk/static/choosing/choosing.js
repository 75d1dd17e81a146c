/** The pane in which a look is chosen for a shot. */

import { announce, el } from "../base/dom.js";
import { bind } from "../base/keys.js";
import { label } from "../base/look.js";
import { currentShot, giveLook, hasPicture, lookOf, on, select, state } from "../base/store.js";
import { makeLooks } from "./looks.js";
import { makePreview } from "./preview.js";
import { makeSliders } from "./sliders.js";

export function startChoosing(root) {
  const preview = makePreview();
  const looks = makeLooks(preview.compareWith);
  const title = el("h2", {});
  const facts = el("p", { class: "facts" });
  const word = el("div", { class: "word", hidden: true });
  const copy = el("button", { onclick: copyToSelected });
  const hint = el("p", { class: "hint" });
  root.append(
    el("div", { class: "side left" }, el("h2", { class: "unseen", text: "Looks" }), looks),
    preview.root,
    el(
      "div",
      { class: "side right" },
      el("div", { class: "shot" }, title, facts, word),
      makeSliders(),
      el("div", { class: "copy" }, copy, hint),
    ),
  );

  function showShot() {
    const shot = currentShot();
    title.textContent = shot?.name ?? "";
    facts.replaceChildren(...(shot ? factsOf(shot).map((text) => el("span", { text })) : []));
    const words = shot ? wordsOf(shot) : [];
    word.hidden = !words.length;
    word.className = `word${shot?.state === "refused" ? " refused" : ""}`;
    word.replaceChildren(...words.map((text) => el("p", { text })));
    showCopy();
  }

  function showCopy() {
    const shot = currentShot();
    const others = othersSelected();
    copy.disabled = !others.length || Boolean(shot?.changes);
    copy.textContent = others.length === 1 ? "Copy to the other shot" : `Copy to ${others.length} other shots`;
    if (!others.length) copy.textContent = "Copy to other shots";
    hint.textContent = others.length
      ? `${shot.changes ?? label(lookOf(shot))}, for all that is selected`
      : "Select them in the timeline first, with Shift or Ctrl.";
  }

  on("current", showShot);
  on("selected", showCopy);
  on("look", showShot);
  on("shots", (ids) => ids.includes(state.current) && showShot());
  bind("ArrowUp", () => go(-1));
  bind("ArrowDown", () => go(1));
  bind("Ctrl+C", copyLook);
  bind("Ctrl+V", paste);
}

function factsOf(shot) {
  const facts = [];
  if (shot.track) facts.push(shot.track);
  if (shot.timeline) facts.push(shot.timeline.join(" – "));
  if (shot.source) facts.push(shot.source);
  if (hasPicture(shot)) facts.push(`frames ${shot.numbers.join("–")}`);
  if (hasPicture(shot)) facts.push(`${shot.width}×${shot.height}`);
  return facts;
}

/** What an editor must know of this shot: why it is refused and what helps, notes, a change. */
function wordsOf(shot) {
  const words = [shot.reason, shot.remedy, shot.note];
  if (shot.changes && lookOf(shot) === shot.look) {
    words.push(
      `Its look changes over the shot: ${shot.changes}. That is kept and rendered as it is; ` +
        "a look that is chosen here takes its place.",
    );
  }
  if (shot.review?.verdict === "sent back" && shot.review.note) {
    words.push(`Sent back: ${shot.review.note}`);
  }
  return words.filter(Boolean);
}

function othersSelected() {
  return [...state.selected].filter((id) => id !== state.current);
}

async function copyToSelected() {
  const others = othersSelected();
  const look = lookOf(currentShot());
  await giveLook(others, look);
  announce(`${label(look)} for ${others.length} more shots`);
}

function copyLook() {
  const shot = currentShot();
  if (!shot || shot.changes) return;
  state.copied = lookOf(shot);
  announce(`Copied: ${label(state.copied)}`);
}

async function paste() {
  if (state.copied === undefined) return;
  await giveLook([...state.selected], state.copied);
  announce(`${label(state.copied)} for ${state.selected.size} shots`);
}

function go(by) {
  const ids = [...state.shots.keys()];
  const id = ids[ids.indexOf(state.current) + by];
  if (id) select(id);
}
