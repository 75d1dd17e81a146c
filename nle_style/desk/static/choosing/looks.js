/** All looks of the pack on a frame of this very shot, most likely first. */

import { get, frameUrl, LOOKS, paintedUrl, picture, put } from "../base/api.js";
import { el } from "../base/dom.js";
import { bind } from "../base/keys.js";
import { blended, plain, withStyle } from "../base/look.js";
import { currentShot, hasPicture, lookOf, middleOf, on, setLook, state } from "../base/store.js";

const HEIGHT = 270;
const DIGITS = "1234567890";

/** Makes the grid; `compareWith(style)` is asked first when a style is picked with Shift. */
export function makeLooks(compareWith) {
  const grid = el("div", { class: "looks", role: "radiogroup", "aria-label": "Look of this shot" });
  /** style → button; "" is no look. */
  let tiles = new Map();
  let wanted = new AbortController();
  let shown = "";

  async function fill() {
    const shot = currentShot();
    const key = shot ? `${shot.id} ${shot.frames}` : "";
    if (key === shown) return;
    shown = key;
    wanted.abort();
    wanted = new AbortController();
    const { signal } = wanted;
    tiles = new Map();
    grid.replaceChildren(...state.project.styles.map(() => el("div", { class: "tile empty" })));
    if (!key) return;
    let styles = state.project.styles;
    try {
      ({ styles } = await get(`/api/shots/${encodeURIComponent(shot.id)}/styles`, signal));
    } catch {
      // The order is a help, no more: without it the pack's own will do.
    }
    if (signal.aborted) return;
    tiles = new Map(["", ...styles].map((style, index) => [style, makeTile(style, index)]));
    grid.replaceChildren(...tiles.values());
    mark();
    if (!hasPicture(shot)) {
      for (const tile of tiles.values()) tile.classList.add("failed");
      return;
    }
    const middle = middleOf(shot);
    load(tiles.get(""), frameUrl(shot, middle, HEIGHT), signal);
    for (const style of styles) {
      load(tiles.get(style), paintedUrl(shot, middle, HEIGHT, plain(style)), signal);
    }
  }

  function makeTile(style, index) {
    const digit = style && DIGITS[index - 1];
    return el(
      "button",
      {
        class: "tile",
        role: "radio",
        "aria-checked": "false",
        tabindex: "-1",
        "data-style": style,
        onclick: (event) => pick(style, event.shiftKey),
      },
      el("span", { class: "thumb", "aria-hidden": "true" }, el("img", { alt: "", hidden: true })),
      el(
        "span",
        { class: "line" },
        el("b", { text: style || "no look" }),
        el("span", { class: "share" }),
        el("kbd", { text: style ? (digit ?? "") : "Del" }),
      ),
    );
  }

  async function load(tile, url, signal) {
    tile.setAttribute("aria-busy", "true");
    try {
      await put(tile.querySelector("img"), await picture(url, signal, LOOKS));
    } catch (fault) {
      if (signal.aborted) return;
      tile.classList.add("failed");
      tile.title = fault.message;
    }
    tile.removeAttribute("aria-busy");
  }

  function pick(style, blend) {
    const shot = currentShot();
    if (!shot) return;
    const look = lookOf(shot);
    if (!style) setLook(null);
    else if (!blend) setLook(withStyle(look, style));
    else if (!compareWith(style)) setLook(look ? blended(look, style, 0.5) : plain(style));
  }

  /** Which tiles are in the look, and how much of them. */
  function mark() {
    const shot = currentShot();
    if (!shot || !tiles.size) return;
    const look = lookOf(shot);
    const mixed = look ? Object.keys(look.styles)[0] : "";
    const first = shot.changes && !state.draft ? null : mixed;
    for (const [style, tile] of tiles) {
      const share = look?.styles[style] ?? 0;
      tile.setAttribute("aria-checked", String(style === first));
      tile.classList.toggle("in", share > 0);
      tile.tabIndex = style === (first ?? "") ? 0 : -1;
      tile.querySelector(".share").textContent = share && share < 1 ? `${Math.round(share * 100)}%` : "";
    }
  }

  grid.addEventListener("keydown", (event) => {
    const all = [...tiles.values()];
    const at = all.indexOf(document.activeElement);
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const tile = all[at + steps[event.key]];
    if (at < 0 || !(event.key in steps) || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    tile?.focus();
    tile?.click();
  });

  function pickNumber(event, blend) {
    const at = DIGITS.indexOf(/\d$/.exec(event.code)[0]) + 1;
    const style = [...tiles.keys()][at];
    if (style) pick(style, blend);
  }

  on("current", fill);
  on("shots", (ids) => ids.includes(state.current) && fill());
  on("current", mark);
  on("look", mark);
  bind([...DIGITS], (event) => pickNumber(event, false));
  bind([...DIGITS].map((digit) => `Shift+${digit}`), (event) => pickNumber(event, true));
  bind(["Delete", "Backspace"], () => pick("", false));
  return grid;
}
