/** The strip of shots below everything. */

import { frameUrl, paintedUrl, picture, put, STRIP } from "./base/api.js";
import { el, icon } from "./base/dom.js";
import { label } from "./base/look.js";
import { hasPicture, lookOf, middleOf, on, select, selectAll, state } from "./base/store.js";

const THUMBNAIL = 180;
const PAINTED = 270;

let list;
/** id → {item, source, painted, state, name, look, …} */
const items = new Map();
const seen = new IntersectionObserver(cameIntoView, { rootMargin: "0px 300px" });

export function startTimeline(root) {
  list = el("ol", {
    role: "listbox",
    "aria-label": "Shots",
    "aria-multiselectable": "true",
    "aria-orientation": "horizontal",
    onkeydown: pressed,
  });
  list.addEventListener("wheel", (event) => {
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    list.scrollLeft += event.deltaY;
  }, { passive: true });
  root.append(list);
  on("project", fill);
  on("shots", (ids) => ids.forEach(refresh));
  on("selected", (ids) => ids.forEach(mark));
  on("current", showCurrent);
  on("look", () => state.current && refresh(state.current));
}

function fill() {
  for (const parts of items.values()) drop(parts);
  items.clear();
  seen.disconnect();
  list.replaceChildren(...[...state.shots.values()].map(makeItem));
  for (const parts of items.values()) seen.observe(parts.item);
  for (const id of state.shots.keys()) refresh(id);
}

function makeItem(shot) {
  const parts = {
    source: el("img", { alt: "", hidden: true }),
    painted: el("img", { alt: "", hidden: true }),
    badge: el("span", { class: "badge" }),
    look: el("span", { class: "look" }),
    visible: false,
    urls: {},
    wanted: {},
  };
  parts.item = el(
    "li",
    {
      role: "option",
      id: `shot-${shot.id}`,
      tabindex: "-1",
      "aria-selected": "false",
      onclick: (event) =>
        select(shot.id, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey }),
    },
    el("span", { class: "thumb" }, parts.source, parts.painted),
    el(
      "span",
      { class: "line" },
      el("b", { text: shot.name }),
      parts.badge,
    ),
    el("span", { class: "line" }, el("span", { class: "time", text: placeOf(shot) }), parts.look),
  );
  parts.item.dataset.shot = shot.id;
  items.set(shot.id, parts);
  return parts.item;
}

/** Where a shot begins: in the timeline if there is one, else in its source. */
function placeOf(shot) {
  return shot.timeline ? shot.timeline[0] : `from ${shot.numbers?.[0] ?? 0}`;
}

/** What of an item may change: its state, its look, its painting. */
function refresh(id) {
  const shot = state.shots.get(id);
  const parts = items.get(id);
  const look = lookOf(shot);
  const painting = shot.changes ?? label(look);
  parts.badge.replaceChildren(icon(shot.state), shot.state);
  parts.badge.dataset.state = shot.state;
  parts.look.textContent = look || shot.changes ? painting : "";
  parts.item.title = shot.state === "refused" ? shot.reason : `${shot.name}: ${painting}`;
  mark(id);
  parts.painted.style.opacity = look?.strength ?? 1;
  if (parts.visible) paint(shot, parts, look);
}

function mark(id) {
  const { item } = items.get(id);
  item.setAttribute("aria-selected", String(state.selected.has(id)));
}

function showCurrent() {
  for (const item of list.querySelectorAll("[aria-current]")) {
    item.removeAttribute("aria-current");
    item.tabIndex = -1;
  }
  const parts = items.get(state.current);
  if (!parts) return;
  parts.item.setAttribute("aria-current", "true");
  parts.item.tabIndex = 0;
  parts.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (list.contains(document.activeElement)) parts.item.focus();
}

function cameIntoView(entries) {
  for (const entry of entries) {
    const shot = state.shots.get(entry.target.dataset.shot);
    const parts = items.get(entry.target.dataset.shot);
    if (!parts) continue;
    parts.visible = entry.isIntersecting;
    if (!parts.visible) {
      drop(parts);
      continue;
    }
    if (hasPicture(shot)) load(parts, "source", frameUrl(shot, middleOf(shot), THUMBNAIL));
    paint(shot, parts, lookOf(shot));
  }
}

function paint(shot, parts, look) {
  if (!look || !hasPicture(shot)) {
    forget(parts, "painted");
    parts.painted.hidden = true;
  } else if (state.draft?.id !== shot.id) {
    // A slider passes many looks on its way: the last one is painted.
    load(parts, "painted", paintedUrl(shot, middleOf(shot), PAINTED, look));
  }
}

async function load(parts, which, url) {
  if (parts.urls[which] === url) return;
  forget(parts, which);
  const wanted = new AbortController();
  parts.wanted[which] = wanted;
  parts.urls[which] = url;
  try {
    await put(parts[which], await picture(url, wanted.signal, STRIP));
    delete parts.wanted[which];
  } catch {
    // The item stays with its name and state, and the large picture says what is wrong.
    if (parts.wanted[which] === wanted) forget(parts, which);
  }
}

/** What scrolled out of sight before it came is not wanted any more. */
function drop(parts) {
  for (const which of Object.keys(parts.wanted)) forget(parts, which);
}

function forget(parts, which) {
  parts.wanted[which]?.abort();
  delete parts.wanted[which];
  delete parts.urls[which];
}

function pressed(event) {
  const ids = [...items.keys()];
  const at = ids.indexOf(document.activeElement?.dataset.shot);
  const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 };
  const toggle = event.ctrlKey || event.metaKey;
  if (event.key in steps) {
    const id = ids[Math.max(0, Math.min(ids.length - 1, steps[event.key]))];
    // With Ctrl only the focus goes: Space then adds the shot or takes it out.
    if (!toggle) select(id, { range: event.shiftKey });
    items.get(id).item.focus();
  } else if (event.key === " " || event.key === "Enter") {
    if (at >= 0) select(ids[at], { toggle });
  } else if (toggle && event.key === "a") {
    selectAll();
  } else {
    return;
  }
  event.preventDefault();
}
