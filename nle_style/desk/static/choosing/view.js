/** One large picture: a source frame, and its painting over it. */

import { frameUrl, paintedUrl, picture, put } from "../base/api.js";
import { el } from "../base/dom.js";

/** Milliseconds that the source waits for a painting that may be there already. */
const PATIENCE = 120;

/**
 * A picture with a caption. `show(shot, frame, look)` shows it and gives up what it was loading;
 * `strength(share)` answers at once, for it is the painting's opacity, which is the mix of code
 * values that a render makes; `reveal(only)` shows the source alone and back.
 */
export function makeView(name) {
  const source = el("img", { alt: "", hidden: true });
  const painted = el("img", { alt: "", hidden: true, class: "painted" });
  const words = el("p", { class: "words", hidden: true });
  const caption = el("figcaption", {});
  const bar = el("span", { class: "busy", hidden: true });
  const stage = el("div", { class: "stage" }, source, painted, words, bar);
  const root = el("figure", { class: "view", "aria-label": name }, stage, caption);
  let shown = { frame: "", painting: "" };
  /** Address of the source that is seen; it differs from what is shown while that is loaded. */
  let onStage = "";
  let wanted = new AbortController();

  function busy(text) {
    bar.hidden = !text;
    root.setAttribute("aria-busy", String(Boolean(text)));
    caption.dataset.busy = text;
  }

  function say(text) {
    words.textContent = text;
    words.hidden = !text;
  }

  async function show(shot, frame, look, text) {
    const height = stage.clientHeight * devicePixelRatio > 600 ? 1080 : 540;
    const frameAddress = frameUrl(shot, frame, height);
    const address = look ? paintedUrl(shot, frame, height, look) : "";
    source.alt = `${shot.name}, frame ${frame}, source`;
    caption.textContent = text;
    painted.alt = `${shot.name}, frame ${frame}, ${text}`;
    strength(look?.strength ?? 1);
    if (shown.frame === frameAddress && shown.painting === address) return;
    let here = onStage === frameAddress;
    shown = { frame: frameAddress, painting: address };
    wanted.abort();
    wanted = new AbortController();
    const { signal } = wanted;
    say("");
    if (!address) painted.hidden = true;
    busy(address ? "Painting…" : "");
    try {
      const painter = address ? picture(address, signal) : null;
      // Its failure is told below; not to be waited for meanwhile is no failure.
      painter?.catch(() => {});
      if (!here) {
        const blob = await picture(frameAddress, signal);
        await Promise.race([painter?.catch(() => {}), later(PATIENCE, signal)]);
        if (signal.aborted) return;
        // The painting of another frame does not lie over this one.
        painted.hidden = true;
        await put(source, blob);
        onStage = frameAddress;
        here = true;
      }
      const painting = await painter;
      if (signal.aborted) return;
      if (painting) await put(painted, painting);
      busy("");
    } catch (fault) {
      if (signal.aborted) return;
      shown = { frame: "", painting: "" };
      source.hidden = !here;
      painted.hidden = true;
      say(fault.message);
      busy("");
    }
  }

  /** Nothing to show, and why. */
  function blank(text) {
    wanted.abort();
    shown = { frame: "", painting: "" };
    onStage = "";
    source.hidden = true;
    painted.hidden = true;
    say(text);
    caption.textContent = "";
    busy("");
  }

  function strength(share) {
    painted.style.opacity = share;
  }

  function reveal(only) {
    root.classList.toggle("source-only", only);
  }

  return { root, show, blank, strength, reveal };
}

function later(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
