// Keeps a page live and makes it a little kinder; everything works without it, by reloading.
//
// The hub's event stream says what kinds of entries were written. Where one of them matters to this page (data-kinds), the
// page is fetched again and its parts marked data-live are put in place: only those whose HTML is another one, and without
// taking away what somebody is typing, has opened or stands on. Nothing from the stream itself is ever put into the page.
"use strict";

const main = document.querySelector("main");
const kinds = (main.dataset.kinds || "").split(" ").filter(Boolean);
const PAUSE_MS = 120; // between two fetches: a storm of reports must not keep the hub drawing pages
const LOOK_MS = 10_000; // times of life move without an entry
const LOST_MS = 6_000; // without an answer: what is shown is old
const LEAVES_MS = 15_000; // a press is on its way to the hub: what it brings about must not overtake its answer
const shown = new Map(); // part -> the HTML that the hub sent for it
const HELD_MS = 3_000; // a finger or a button is down: what lies under it must be there when it goes up
let fetching = false, again = false, answered = Date.now(), pressed = 0, held = 0, stream = null;

for (const part of document.querySelectorAll("[data-live]")) shown.set(part.id, part.innerHTML);

async function look() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const reply = await fetch(location.href, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(LOST_MS) });
    if (reply.type === "opaqueredirect") { location.reload(); return; } // the session has ended
    if (reply.ok) { put(await reply.text()); heard(); }
  } catch { /* the hub is away: `lost` says so */ } finally {
    setTimeout(() => { fetching = false; if (again) { again = false; look(); } }, PAUSE_MS);
  }
}

function put(text) {
  if (Date.now() - pressed < LEAVES_MS) return; // the page that answers the press is another one, and newer
  if (Date.now() - held < HELD_MS) { again = true; return; } // put in place between down and up, it would swallow the press
  const fresh = new DOMParser().parseFromString(text, "text/html");
  document.title = fresh.title;
  main.dataset.shown = fresh.querySelector("main").dataset.shown;
  swap(document.querySelector(".top nav"), fresh.querySelector(".top nav"), "nav");
  for (const part of fresh.querySelectorAll("[data-live]")) swap(document.getElementById(part.id), part, part.id);
  for (const part of document.querySelectorAll("[data-live]")) {
    if (!fresh.getElementById(part.id)) part.replaceChildren();
  }
}

function swap(old, fresh, name) {
  if (!fresh) return;
  if (!old) { location.reload(); return; } // a part that was not there: once, then it is
  if (shown.get(name) === fresh.innerHTML) return;
  shown.set(name, fresh.innerHTML);
  const open = new Set([...old.querySelectorAll("details[open][id]")].map((each) => each.id));
  const typed = new Map([...old.querySelectorAll("form input:not([type=hidden])")].map((each) => [key(each), each.value]));
  const focus = old.contains(document.activeElement) ? place(old, document.activeElement) : null;
  if (old.className !== fresh.className) old.className = fresh.className;
  old.innerHTML = fresh.innerHTML;
  for (const each of old.querySelectorAll("details[id]")) each.open = each.open || open.has(each.id);
  for (const each of old.querySelectorAll("form input:not([type=hidden])")) each.value = typed.get(key(each)) ?? each.value;
  if (focus) find(old, focus)?.focus({ preventScroll: true });
}

const key = (input) => `${input.form?.action} ${input.name}`;
const place = (root, element) => {
  const holder = element.closest("[id]");
  const within = holder && root.contains(holder) && holder !== root ? holder : root;
  const same = [...within.querySelectorAll("a, button, input, select, summary")];
  return { id: within === root ? "" : within.id, index: same.indexOf(element) };
};
const find = (root, { id, index }) => {
  const within = id ? document.getElementById(id) : root;
  return within ? [...within.querySelectorAll("a, button, input, select, summary")][index] : null;
};

function heard() {
  answered = Date.now();
  document.body.classList.remove("lost");
  const note = document.querySelector(".lost-note");
  if (note) note.hidden = true;
}

function lost() {
  if (Date.now() - answered < LOST_MS + LOOK_MS) return;
  const note = document.querySelector(".lost-note");
  note.querySelector("time").textContent = main.dataset.shown;
  note.hidden = false;
  document.body.classList.add("lost");
}

// The first time it goes on from the entry that the page was drawn at, and need not fetch what it has just been given.
function listen(after = "") {
  if (stream) stream.close();
  let drawn = Boolean(after);
  stream = new EventSource(after ? `/api/v1/events?after=${after}` : "/api/v1/events");
  for (const kind of kinds) stream.addEventListener(kind, look);
  stream.addEventListener("open", () => { if (!drawn) look(); drawn = false; });
}

if (kinds.length) {
  listen(main.dataset.seq);
  setInterval(() => { if (!document.hidden) look(); lost(); }, LOOK_MS);
  // A browser keeps six connections to one hub: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { stream.close(); } else { listen(); }
  });
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
}

addEventListener("pointerdown", () => { held = Date.now(); }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { setTimeout(() => { held = 0; }, 0); }, true);

// One press is one decision.
addEventListener("submit", (event) => {
  pressed = Date.now();
  event.submitter?.setAttribute("aria-busy", "true"); // and shows that it is being done
  setTimeout(() => { for (const each of event.target.querySelectorAll("button")) each.disabled = true; }, 0);
});
addEventListener("pageshow", () => {
  pressed = 0;
  for (const each of document.querySelectorAll("form button")) { each.disabled = false; each.removeAttribute("aria-busy"); }
});

// Menus close where one presses elsewhere, or Escape.
addEventListener("click", (event) => {
  for (const each of document.querySelectorAll(".menu[open]")) if (!each.contains(event.target)) each.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const each of document.querySelectorAll(".menu[open]")) { each.open = false; each.querySelector("summary").focus(); }
});

// Paper has no folds.
addEventListener("beforeprint", () => { for (const each of document.querySelectorAll("main details:not(.confirm)")) each.open = true; });
document.querySelector("[data-print]")?.addEventListener("click", () => print());
