// Loads the page anew when it would look otherwise, but never under somebody's hands; and makes a sound when the data are too old.
"use strict";
const EVERY_MS = 4000, SOUND_EVERY_MS = 60000;
let waiting = false;

function isInUse() {
  const typed = [...document.querySelectorAll("input:not([type=hidden])")].some((each) => each.value !== each.defaultValue);
  return typed || document.querySelector("details[open]") !== null;
}

async function look() {
  if (waiting) return;
  waiting = true;
  try {
    const answer = await fetch("/mark", { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== document.body.dataset.mark && !isInUse()) location.replace("/");
  } catch { /* the program is being started again */ }
  waiting = false;
}

function sound() {
  if (document.body.dataset.alarm !== "yes" || !navigator.userActivation?.hasBeenActive) return;
  const context = new AudioContext(), tone = context.createOscillator();
  tone.frequency.value = 880;
  tone.connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.4);
  tone.onended = () => context.close();
}

setInterval(look, EVERY_MS);
setInterval(sound, SOUND_EVERY_MS);
