// Keeps the page up to date: asks every two seconds whether there is something new, and only then fetches the page
// again and puts its <main> in place. Without script the page reloads itself (meta refresh).
"use strict";

const EVERY_MS = 2000;
let mark = document.querySelector("main").dataset.mark;

async function look() {
  let next;
  try {
    next = (await (await fetch("/status.json")).json()).mark;
  } catch {
    document.body.classList.add("lost"); // the program behind this page has ended: what stands here is old
    return;
  }
  document.body.classList.remove("lost");
  if (next === mark) return;
  const text = await (await fetch(location.href)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
  const open = new Set([...document.querySelectorAll("details[open]")].map((each) => each.id));
  for (const each of fresh.querySelectorAll("details")) each.open = open.has(each.id);
  document.querySelector("main").replaceWith(fresh);
  mark = fresh.dataset.mark;
}

setInterval(() => look().catch(() => {}), EVERY_MS);
