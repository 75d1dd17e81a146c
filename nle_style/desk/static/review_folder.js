/* The page of a review folder: what is said stays in this browser until it is saved as a file. */

const review = JSON.parse(document.getElementById("review").textContent);
const shelf = `nle-style review ${review.id}`;
const kept = document.getElementById("kept");
const saveNotes = document.getElementById("save");
const said = new Map();
let unsaved = false;
let stored = true;

function keep() {
  try {
    localStorage.setItem(shelf, JSON.stringify([...said.values()]));
    stored = true;
  } catch {
    stored = false;
  }
}

function recall() {
  try {
    for (const each of JSON.parse(localStorage.getItem(shelf)) ?? []) {
      const clip = review.clips.find((it) => it.clip_id === each.clip_id);
      if (clip?.painting !== each.painting) continue;
      said.set(each.clip_id, each);
      Object.assign(clip, { verdict: each.verdict, note: each.note, note_frame: each.frame });
    }
  } catch {
    localStorage.removeItem(shelf);
  }
  unsaved = said.size > 0;
}

function tell() {
  saveNotes.disabled = !said.size;
  const count = said.size === 1 ? "1 shot" : `${said.size} shots`;
  if (!said.size) kept.textContent = "What you say stays in this browser until you save it.";
  else if (!unsaved) kept.textContent = `Saved: ${count}. Send the file back.`;
  else if (stored) kept.textContent = `Said of ${count}, not saved as a file yet.`;
  else kept.textContent = `Said of ${count}. This browser keeps nothing: save before you leave.`;
}

async function say(id, { verdict, note, frame }) {
  const { clip_id, name, painting } = review.clips.find((clip) => clip.id === id);
  said.set(clip_id, { clip_id, name, painting, verdict, note, frame });
  unsaved = true;
  keep();
  tell();
}

saveNotes.addEventListener("click", async () => {
  // What is being written is said when its field is left.
  document.activeElement?.blur();
  await new Promise((done) => setTimeout(done));
  const notes = { nle_style_review: 1, timeline: review.timeline, verdicts: [...said.values()] };
  const file = new Blob([JSON.stringify(notes, null, 1)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${review.timeline.replace(/\.[^.]*$/, "")}.notes.json`;
  link.click();
  URL.revokeObjectURL(link.href);
  unsaved = false;
  tell();
});

addEventListener("beforeunload", (event) => unsaved && !stored && event.preventDefault());

// Another tab with the same review said something, or this one before it was loaded again: what a
// page writes may come to the store after the next page has read it.
addEventListener("storage", ({ key }) => {
  if (key !== shelf) return;
  recall();
  page.refresh();
  tell();
});

recall();
const page = judge(document.getElementById("judge"), review.clips, { save: say });
tell();
