/** Elements and icons made in script, and what is said to the person at the page. */

const SVG = "http://www.w3.org/2000/svg";

/** Drawn on 16×16, in the colour of the text around. A state is never told by its colour alone. */
const ICONS = {
  unstyled: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Z",
  chosen: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Zm0 2.5v5a2.5 2.5 0 0 0 0-5Z",
  waiting: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 5v3.5l2 1.5",
  rendering: "M5 3l8 5-8 5Z",
  rendered: "M3 4h10v8H3ZM3 9l3-2 3 3 2-2 2 2",
  approved: "M2.5 8.5l3.5 3.5 7.5-8",
  "sent back": "M7 3L3 7l4 4M3 7h6a4 4 0 0 1 0 7H7",
  refused: "M8 2l6.5 12h-13ZM8 6.5v3.5M8 11.8v.6",
};

/**
 * An element with its attributes and children.
 *
 * `class`, `text` and functions (`onclick`) are what they say; true and false set an attribute
 * without a value or leave it out; null and undefined leave it out.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** The icon of a shot's state; silent, for the word stands beside it. */
export function icon(state) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.state = state;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[state] ?? ICONS.unstyled);
  svg.append(path);
  return svg;
}

/** Say something once to a screen reader, when it has finished what it is saying. */
export function announce(text) {
  document.getElementById("live").textContent = text;
}

/** Show what went wrong until it is read and put away. The same message is shown once. */
export function complain(text) {
  const notices = document.getElementById("notices");
  if ([...notices.children].some((notice) => notice.firstChild.textContent === text)) return;
  const away = el("button", { class: "quiet", text: "Dismiss" });
  const notice = el("div", { class: "notice" }, el("p", { text }), away);
  away.addEventListener("click", () => notice.remove());
  notices.append(notice);
}

/** Seconds as the command line says them: "48 s", "12 min", "3 h 05 min". */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** Bytes as the command line says them: "1.2 MB". */
export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return unit ? `${bytes.toFixed(1)} ${units[unit]}` : `${bytes} bytes`;
}
