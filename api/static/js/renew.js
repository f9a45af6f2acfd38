// Fetches the page again when something changed and lays it over the one that is shown.
import { morph } from "./morph.js";
import { text } from "./texts.js";

const PARTS = ["main", "#banner", "#pulse"];
const AGAIN_MS = 3000;

export function renewOn(live) {
  let busy = false;
  let wanted = false;
  let lost = false;

  const renew = async () => {
    wanted = true;
    if (busy) return;
    busy = true;
    while (wanted && !lost) {
      wanted = false;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-cache" });
        if (answer.ok && !lost) lay(await answer.text());
        else setTimeout(renew, AGAIN_MS);
      } catch {
        setTimeout(renew, AGAIN_MS); // the stream's silence shows the banner, not this
      }
    }
    busy = false;
  };
  live.addEventListener("change", renew);
  live.addEventListener("back", () => {
    lost = false;
    document.querySelector("#stream-lost").hidden = true;
    renew();
  });
  live.addEventListener("lost", () => {
    lost = true;
    document.querySelector("#stream-lost").hidden = false;
    forget();
  });
}

function lay(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const part of PARTS) {
    const shown = document.querySelector(part);
    const fresh = page.querySelector(part);
    if (shown && fresh) morph(shown, fresh);
  }
  document.dispatchEvent(new Event("renewed"));
}

// Nothing may look known that is not: every state becomes unknown until the stream is back.
function forget() {
  for (const one of document.querySelectorAll("main [data-state]")) {
    if (one.matches(".chip, .chip *, .strip *")) continue;
    one.dataset.state = "unknown";
    one.querySelector(":scope > use")?.setAttribute("href", "#g-unknown");
    const word = one.querySelector(":scope > .word");
    if (word) word.textContent = text("state.unknown");
  }
  for (const number of document.querySelectorAll(".links tbody .n, .chip b, .numbers-now td.n")) number.textContent = "–";
  for (const bar of document.querySelectorAll(".bar rect")) bar.remove();
}
