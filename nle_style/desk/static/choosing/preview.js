/** The large picture of the shot, two looks side by side, and the way through its frames. */

import { FILM, frameUrl, picture, put } from "../base/api.js";
import { announce, el } from "../base/dom.js";
import { bind } from "../base/keys.js";
import { label, plain } from "../base/look.js";
import { currentShot, frameOf, framesOf, hasPicture, lookOf, on, setFrame, setLook, state } from "../base/store.js";
import { makeView } from "./view.js";

/** Makes the preview; `compareWith(style)` shows that style on the right while comparing. */
export function makePreview() {
  const first = makeView("The shot's look");
  const second = makeView("The look it is compared with");
  const views = el("div", { class: "views" }, first.root);
  const scrub = el("input", { type: "range", min: 0, step: 1, "aria-label": "Frame" });
  const film = el("div", { class: "film", "aria-hidden": "true" });
  const number = el("output", { class: "time" });
  const sourceButton = toggle("Source", "S", () => showSource(!onlySource));
  const compareButton = toggle("Compare", "C", () => compare(!comparing));
  const other = el("select", { "aria-label": "Look on the right" });
  const take = el("button", { text: "Take the right one" });
  const right = el("span", { class: "group", hidden: true }, other, take);
  let onlySource = false;
  let comparing = false;
  let rival = null;
  let filmed = "";
  let unwanted = new AbortController();
  let timer = 0;

  function show() {
    const shot = currentShot();
    if (!hasPicture(shot)) {
      const why = shot?.reason || "There is no picture to show.";
      for (const view of [first, second]) view.blank(why);
      return;
    }
    const look = lookOf(shot);
    views.style.setProperty("--shape", shot.width / shot.height || 16 / 9);
    first.show(shot, frameOf(shot), look, look ? label(look) : "source");
    if (comparing) second.show(shot, frameOf(shot), against(look), label(against(look)));
  }

  /** The look on the right is painted as the shot's is, with another style. */
  function against(look) {
    return { ...(look ?? plain(rival)), styles: { [rival]: 1 } };
  }

  function showFrames() {
    const shot = currentShot();
    const frames = hasPicture(shot) ? framesOf(shot) : [];
    const at = frames.length ? frames.indexOf(frameOf(shot)) : 0;
    scrub.max = Math.max(0, frames.length - 1);
    scrub.value = at;
    scrub.disabled = frames.length < 2;
    const words = frames.length ? `frame ${frames[at] + shot.numbers[0] - shot.frames[0]}` : "no frames";
    scrub.setAttribute("aria-valuetext", words);
    number.textContent = words;
    if (filmed !== `${shot?.id} ${frames}`) {
      filmed = `${shot?.id} ${frames}`;
      unwanted.abort();
      unwanted = new AbortController();
      film.replaceChildren(...frames.map((frame) => frameOfFilm(shot, frame)));
    }
    [...film.children].forEach((img, index) => img.classList.toggle("here", index === at));
  }

  function frameOfFilm(shot, frame) {
    const img = el("img", { alt: "", draggable: "false", onclick: () => setFrame(frame) });
    picture(frameUrl(shot, frame, 90), unwanted.signal, FILM)
      .then((blob) => put(img, blob))
      .catch(() => {}); // The large picture says what is wrong.
    return img;
  }

  function step(by) {
    const shot = currentShot();
    if (!hasPicture(shot)) return;
    const frames = framesOf(shot);
    const at = frames.indexOf(frameOf(shot)) + by;
    if (at >= 0 && at < frames.length) setFrame(frames[at]);
  }

  function showSource(only) {
    onlySource = only;
    sourceButton.setAttribute("aria-pressed", String(only));
    first.reveal(only);
    second.reveal(only);
  }

  function compare(wanted) {
    comparing = wanted && Boolean(currentShot());
    compareButton.setAttribute("aria-pressed", String(comparing));
    right.hidden = !comparing;
    if (!comparing) {
      second.root.remove();
    } else {
      const styles = state.project.styles;
      const look = lookOf(currentShot());
      if (!styles.includes(rival)) rival = styles.find((style) => !look || !(style in look.styles));
      other.replaceChildren(...styles.map((style) => el("option", { value: style, text: style })));
      other.value = rival;
      views.append(second.root);
    }
    show();
  }

  function compareWith(style) {
    if (!comparing) return false;
    rival = style;
    other.value = style;
    show();
    return true;
  }

  scrub.addEventListener("input", () => setFrame(framesOf(currentShot())[scrub.valueAsNumber]));
  other.addEventListener("change", () => compareWith(other.value));
  take.addEventListener("click", () => {
    const look = against(lookOf(currentShot()));
    announce(`${label(look)} is the look of ${currentShot().name}`);
    setLook(look);
  });
  on("current", () => (showFrames(), show()));
  on("frame", () => (showFrames(), show()));
  on("look", () => {
    // Strength answers at once; what is painted anew waits until the slider rests.
    clearTimeout(timer);
    timer = setTimeout(show, state.draft ? 120 : 0);
    const look = currentShot() && lookOf(currentShot());
    for (const view of [first, second]) view.strength(look?.strength ?? 1);
  });
  new ResizeObserver(show).observe(views);
  bind("ArrowLeft", () => step(-1));
  bind("ArrowRight", () => step(1));
  bind("S", () => showSource(!onlySource));
  bind("C", () => compare(!comparing));
  bind("F", () => document.body.classList.toggle("alone"));

  const tools = el("div", { class: "tools" }, number, sourceButton, compareButton, right);
  return { root: el("div", { class: "preview" }, views, el("div", { class: "scrub" }, scrub, film), tools), compareWith };
}

function toggle(text, key, onclick) {
  return el("button", { class: "quiet", "aria-pressed": "false", onclick }, text, " ", el("kbd", { text: key }));
}
