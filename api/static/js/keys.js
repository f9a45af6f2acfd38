// One letter a page, j and k through the links, / to find one.
import { isDark, setTheme } from "./theme.js";

const PAGES = { n: "/", i: "/incidents", r: "/reports" };

export function watchKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (PAGES[event.key]) location.assign(PAGES[event.key]);
    else if (event.key === "l") document.querySelector(".switch [data-lang]:not([aria-current])")?.click();
    else if (event.key === "t") setTheme(isDark() ? "light" : "dark");
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/" && document.querySelector("#find")) document.querySelector("#find").focus();
    else return;
    event.preventDefault();
  });
}

function step(by) {
  const rows = [...document.querySelectorAll("tr[data-link]:not([data-dim]) .id a")];
  const now = rows.indexOf(document.activeElement);
  rows[now < 0 ? 0 : Math.min(Math.max(now + by, 0), rows.length - 1)]?.focus();
}
