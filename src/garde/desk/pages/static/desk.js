// Keeps the line about the census's age true on a page that stays open; says so when the desk does not answer.
"use strict";
(function () {
  const line = document.getElementById("fresh");
  const lost = document.getElementById("lost");
  if (!line || !lost) return;
  const every = 30000; // milliseconds
  async function look() {
    try {
      const answer = await fetch("/fresh", { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error("not answered");
      const found = await answer.json();
      line.dataset.feed = found.feed;
      line.querySelector("[data-age]").textContent = found.words;
      if (found.newest) line.querySelector("[data-newest]").textContent = found.newest;
      lost.hidden = true;
    } catch (error) {
      lost.hidden = false;
    }
  }
  setInterval(look, every);
})();
