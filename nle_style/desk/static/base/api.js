/** The desk's server: questions, pictures and events. Nothing else is ever asked. */

/** A refusal by the server, in its words, or that there was no answer at all (`status` 0). */
export class DeskError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const NO_ANSWER = "The desk does not answer. It may have been stopped: start it again.";

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new DeskError(NO_ANSWER, 0);
  }
  if (response.ok) return response;
  const text = await response.text();
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const message = isJson ? JSON.parse(text).error : text;
  throw new DeskError(message || `The desk answered ${response.status}.`, response.status);
}

/** What is at the path, from JSON. */
export async function get(path, signal) {
  return (await ask(path, { signal })).json();
}

/** Tell the server; its answer, from JSON. `keepalive` lets it arrive though the page is left. */
export async function post(path, body = {}, keepalive = false) {
  const headers = { "Content-Type": "application/json" };
  const options = { method: "POST", headers, body: JSON.stringify(body), keepalive };
  return (await ask(path, options)).json();
}

/** Address of a source frame at most `height` pixels high. */
export function frameUrl(shot, frame, height) {
  return `/media/frame/${encodeURIComponent(shot.id)}/${frame}?h=${height}`;
}

/** Address of a source frame painted at full strength. `height` is 270, 540 or 1080. */
export function paintedUrl(shot, frame, height, look) {
  const styles = Object.entries(look.styles).map(([style, share]) => `${style}:${share}`);
  const query = new URLSearchParams({
    h: height,
    styles: styles.join(","),
    stroke_scale: look.stroke_scale,
    colour: look.colour,
  });
  return `/media/painted/${encodeURIComponent(shot.id)}/${frame}?${query}`;
}

/**
 * How urgent a picture is. A browser opens six connections to a server, and the events hold one: of
 * the small pictures only a few are asked for at a time, so that the large one never waits.
 */
export const URGENT = 0;
export const LOOKS = 1;
export const STRIP = 2;
export const FILM = 3;

/** So many are asked for at once, the most urgent first; the others have not left the page yet. */
class Lane {
  #free;
  #waiting = [];

  constructor(width) {
    this.#free = width;
  }

  /** Resolves when it is this one's turn; `done` must be called after it. */
  turn(rank, signal) {
    return new Promise((resolve, reject) => {
      const place = { rank, resolve };
      signal.addEventListener("abort", () => {
        const index = this.#waiting.indexOf(place);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        reject(signal.reason);
      });
      const index = this.#waiting.findIndex((other) => other.rank > rank);
      this.#waiting.splice(index < 0 ? this.#waiting.length : index, 0, place);
      this.#next();
    });
  }

  done() {
    this.#free += 1;
    this.#next();
  }

  #next() {
    if (!this.#free || !this.#waiting.length) return;
    this.#free -= 1;
    this.#waiting.shift().resolve();
  }
}

const FRAMES = new Lane(2);
// The desk paints one after the other.
const PAINTINGS = new Lane(1);

/**
 * Load a picture.
 *
 * Returns a blob for `put`. It throws DeskError with the server's words, and AbortError when the
 * signal says that the picture is not wanted any more.
 */
export async function picture(url, signal, rank = URGENT) {
  signal.throwIfAborted();
  const lane = url.startsWith("/media/painted/") ? PAINTINGS : FRAMES;
  if (rank !== URGENT) await lane.turn(rank, signal);
  try {
    return await (await ask(url, { signal })).blob();
  } finally {
    if (rank !== URGENT) lane.done();
  }
}

/** Put a loaded picture into an img element; resolves when it can be painted without a flash. */
export async function put(img, blob) {
  const url = URL.createObjectURL(blob);
  img.src = url;
  try {
    await img.decode();
    img.hidden = false;
  } catch {
    // Another picture was put here meanwhile.
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * Listen to the server.
 *
 * `heard` maps the names of events to functions of their data; `state` is told "on", "lost" (the
 * browser tries again by itself) and "over" (the server is another one and wants its own address).
 */
export function listen(heard, state) {
  const events = new EventSource("/api/events");
  events.addEventListener("open", () => state("on"));
  events.addEventListener("error", () =>
    state(events.readyState === EventSource.CLOSED ? "over" : "lost"),
  );
  for (const [name, react] of Object.entries(heard)) {
    events.addEventListener(name, (event) => react(JSON.parse(event.data)));
  }
  return events;
}
