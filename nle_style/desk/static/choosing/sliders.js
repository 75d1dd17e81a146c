/** Strength, blend, stroke scale and colour of the shot's look. */

import { el } from "../base/dom.js";
import { bind } from "../base/keys.js";
import { blended, shares } from "../base/look.js";
import { currentShot, lookOf, on, setLook, state } from "../base/store.js";

const STEP = 0.05;

export function makeSliders() {
  const strength = slider("Strength", 0, 100, 1);
  const other = el("select", { id: "blend" });
  const share = slider("Share of the second", 5, 95, 1);
  const three = el("p", { class: "hint", hidden: true });
  const strokes = slider("Stroke scale", -2, 2, 0.25);
  const colours = ["poster", "source"].map((value) =>
    el("input", { type: "radio", name: "colour", value, onchange: () => set({ colour: value }) }),
  );
  const root = el(
    "fieldset",
    { class: "sliders" },
    el("legend", { class: "unseen", text: "Settings of the look" }),
    strength.root,
    el("div", { class: "row" }, el("label", { for: "blend", text: "Blend with" }), other),
    share.root,
    three,
    strokes.root,
    el(
      "div",
      { class: "row", role: "radiogroup", "aria-label": "Colour" },
      el("span", { text: "Colour" }),
      el(
        "span",
        { class: "choice" },
        ...colours.map((input) => el("label", {}, input, el("span", { text: input.value }))),
      ),
    ),
  );

  function look() {
    const shot = currentShot();
    return shot && lookOf(shot);
  }

  function set(change) {
    setLook({ ...look(), ...change });
  }

  function show() {
    const shown = look();
    root.disabled = !shown;
    const styles = shown ? shares(shown) : [];
    const [first, second] = shown ? Object.keys(shown.styles) : [];
    strength.show((shown?.strength ?? 1) * 100, (value) => `${Math.round(value)}%`);
    fillOthers(first);
    other.value = styles.length === 2 ? second : "";
    share.root.hidden = styles.length !== 2;
    share.show((shown?.styles[second] ?? 0.5) * 100, (value) => `${second} ${Math.round(value)}%`);
    three.hidden = styles.length < 3;
    three.textContent =
      `A mix of ${styles.length} styles, as looks.yaml has it. It is kept; a blend made here has two.`;
    strokes.show(Math.log2(shown?.stroke_scale ?? 1), () => `×${shown?.stroke_scale ?? 1}`);
    for (const input of colours) input.checked = input.value === (shown?.colour ?? "poster");
  }

  function fillOthers(first) {
    const names = (state.project?.styles ?? []).filter((style) => style !== first);
    if (other.dataset.names === `${names}`) return;
    other.dataset.names = `${names}`;
    const none = el("option", { value: "", text: "nothing" });
    other.replaceChildren(none, ...names.map((name) => el("option", { value: name, text: name })));
  }

  function nudge(by) {
    const now = look();
    if (now) set({ strength: Math.min(1, Math.max(0, Math.round((now.strength + by) * 100) / 100)) });
  }

  strength.input.addEventListener("input", () => set({ strength: strength.input.valueAsNumber / 100 }));
  other.addEventListener("change", () => setLook(blended(look(), other.value, 0.5)));
  share.input.addEventListener("input", () =>
    setLook(blended(look(), other.value, share.input.valueAsNumber / 100)),
  );
  strokes.input.addEventListener("input", () =>
    set({ stroke_scale: Math.round(2 ** strokes.input.valueAsNumber * 100) / 100 }),
  );
  on("current", show);
  on("look", show);
  bind("-", () => nudge(-STEP));
  bind(["+", "="], () => nudge(STEP));
  return root;
}

function slider(name, min, max, step) {
  const id = name.toLowerCase().replaceAll(" ", "-");
  const input = el("input", { type: "range", id, min, max, step });
  const output = el("output", { for: id });
  const root = el("div", { class: "slider" }, el("label", { for: id, text: name }), output, input);
  function show(value, words) {
    input.value = value;
    output.textContent = words(value);
    input.setAttribute("aria-valuetext", output.textContent);
  }
  return { root, input, show };
}
