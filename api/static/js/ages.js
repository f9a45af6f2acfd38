// Keeps "3 min" true while the page is open. The same bounds as api/formats.py.
import { text } from "./texts.js";

const EVERY_MS = 1000;
const BOUNDS = [["d", 86400], ["h", 3600], ["m", 60]];

export function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  for (const [unit, size] of BOUNDS) {
    if (whole >= 2 * size) return text(`age.${unit}`, { n: Math.floor(whole / size) });
  }
  return text("age.s", { n: whole });
}

export function keepAges() {
  const renew = () => {
    for (const time of document.querySelectorAll("time[title]")) {
      const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
      const words = time.hasAttribute("data-ago") ? text("ago", { age: age(seconds) }) : age(seconds);
      if (time.textContent !== words) time.textContent = words;
    }
  };
  setInterval(renew, EVERY_MS);
}
