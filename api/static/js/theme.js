// Light and dark without a reload; the choice is kept in the cookie that the server reads.
const YEAR_S = 400 * 86400;

export function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
  for (const choice of document.querySelectorAll("[data-theme-choice]")) {
    choice.toggleAttribute("aria-current", choice.dataset.themeChoice === theme);
  }
  document.dispatchEvent(new Event("themed"));
}

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

let watched = false;
export function watchTheme() {
  if (watched) return;
  watched = true;
  for (const choice of document.querySelectorAll("[data-theme-choice]")) {
    choice.addEventListener("click", (event) => {
      event.preventDefault();
      setTheme(choice.dataset.themeChoice);
    });
  }
}

watchTheme();
