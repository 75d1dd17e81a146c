/**
 * What judging shows: a video whose frames are known by number, and two pictures on one canvas.
 *
 * Frames are counted from 0 within the shot.
 */

export const MODES = { source: "Source", painted: "Painting", wipe: "Wipe", difference: "Difference" };

/** An element; functions (`onclick`) are listeners, true and false set or leave out an attribute. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/**
 * A video whose frames are known by number: `told.frame` is called when one is shown.
 *
 * `frame` is what is seen, `position` where it goes: a seek takes a while, and the next may be asked
 * for meanwhile.
 */
export class Player {
  constructor(video, told) {
    Object.assign(this, { video, told, count: 0, rate: 1, frame: -1, position: 0, waiting: false });
    video.addEventListener("loadeddata", () => this.seek(this.position));
    video.addEventListener("seeked", () => this.arrived());
    // Also what is sought in the last frame may end it.
    video.addEventListener("ended", () => this.playing && this.play());
    video.addEventListener("error", () => this.video.hasAttribute("src") && told.failed());
    video.addEventListener("play", () => told.playing(true));
    video.addEventListener("pause", () => {
      told.playing(false);
      if (video.ended || this.frame < 0) return;
      this.playing = false;
      this.seek(this.position);
    });
  }

  open(url, rate, count) {
    const number = (this.opened = (this.opened ?? 0) + 1);
    Object.assign(this, { rate, count, frame: -1, position: 0, waiting: false, playing: false });
    this.loop(0, count - 1);
    this.video.src = url;
    const { video } = this;
    if (video.requestVideoFrameCallback) {
      const shown = (_, { mediaTime }) => {
        if (number !== this.opened) return;
        // WebM counts milliseconds; and Firefox tells the time that was sought, within the frame.
        this.shown(Math.floor(mediaTime * rate + 0.25));
        video.requestVideoFrameCallback(shown);
      };
      video.requestVideoFrameCallback(shown);
    }
  }

  loop(first, last) {
    Object.assign(this, { first: Math.min(first, last), last: Math.max(first, last) });
  }

  /** Go to a frame: to its middle, for times at its edges are rounded either way. */
  seek(frame) {
    this.position = clamp(frame, 0, this.count - 1);
    if (this.waiting || !this.video.readyState) return;
    this.waiting = true;
    this.aimed = this.position;
    this.video.currentTime = (this.position + 0.5) / this.rate;
  }

  step(by) {
    this.stop();
    this.seek(this.position + by);
  }

  arrived() {
    this.waiting = false;
    if (this.position !== this.aimed) this.seek(this.position);
    else if (!this.video.requestVideoFrameCallback) this.shown(this.counted());
    // Firefox may tell of a frame a moment before it can be drawn.
    setTimeout(() => {
      if (this.video.paused && !this.waiting && this.frame >= 0) this.told.frame(this.frame);
    }, 100);
  }

  /** The frame by the clock, for browsers that do not tell it. */
  counted() {
    return Math.floor(this.video.currentTime * this.rate + 1e-3);
  }

  shown(frame) {
    if (!this.video.paused && frame > this.last) return this.seek(this.first);
    this.frame = clamp(frame, 0, this.count - 1);
    if (!this.video.paused && !this.waiting) this.position = this.frame;
    this.told.frame(this.frame);
  }

  play() {
    this.playing = true;
    if (this.frame < this.first || this.frame >= this.last) this.seek(this.first);
    this.video.play().catch(() => {});
    if (!this.video.requestVideoFrameCallback) this.watch();
  }

  watch() {
    if (this.video.paused) return;
    if (!this.video.seeking && this.counted() !== this.frame) this.shown(this.counted());
    requestAnimationFrame(() => this.watch());
  }

  stop() {
    this.playing = false;
    this.video.pause();
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }
}

/** What is seen: two pictures on one canvas, out of the video or out of two stills. */
export class Stage {
  constructor(video) {
    Object.assign(this, { video, mode: "wipe", wipe: 50, stills: null });
    this.canvas = el("canvas", { role: "img" });
    this.handle = el("div", {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": "Wipe: how much of the picture is the source",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
    });
    this.picture = el("div", { class: "picture" }, video, this.canvas, this.handle);
    const drag = (event) => {
      if (this.mode !== "wipe" || !(event.buttons & 1)) return;
      const box = this.canvas.getBoundingClientRect();
      this.setWipe((100 * (event.clientX - box.left)) / box.width);
    };
    this.picture.addEventListener("mousedown", (event) => {
      // The arrow keys stay with the frames: by hand the wipe does not take the focus.
      event.preventDefault();
      document.activeElement?.blur();
    });
    this.picture.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.picture.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.picture.addEventListener("pointermove", drag);
    this.setWipe(50);
  }

  setMode(mode) {
    this.mode = mode;
    this.draw();
  }

  setWipe(percent) {
    this.wipe = clamp(Math.round(percent * 10) / 10, 0, 100);
    this.handle.style.left = `${this.wipe}%`;
    this.handle.setAttribute("aria-valuenow", this.wipe);
    this.handle.setAttribute("aria-valuetext", `${Math.round(this.wipe)}% source`);
    this.draw();
  }

  draw() {
    this.handle.hidden = this.mode !== "wipe";
    this.canvas.setAttribute("aria-label", `${MODES[this.mode]} of the shot`);
    const { canvas, video, stills, mode } = this;
    const [first] = stills ?? [];
    const width = first ? first.naturalWidth : video.videoWidth;
    const height = first ? first.naturalHeight : video.videoHeight / 2;
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.picture.style.setProperty("--shape", video.videoWidth / (video.videoHeight / 2));
    const pen = canvas.getContext("2d", { alpha: false });
    const lay = (side, across = width) => {
      if (!across) return;
      const place = [0, 0, across, height];
      if (stills) pen.drawImage(stills[side], ...place, ...place);
      else pen.drawImage(video, 0, side * height, across, height, ...place);
    };
    pen.globalCompositeOperation = "source-over";
    lay(mode === "source" || mode === "difference" ? 0 : 1);
    if (mode === "wipe") lay(0, Math.round((width * this.wipe) / 100));
    pen.globalCompositeOperation = "difference";
    if (mode === "difference") lay(1);
  }
}
