// The page's words for scripts, in the page's language.
const texts = JSON.parse(document.querySelector("#texts")?.textContent ?? "{}");

export function text(key, values = {}) {
  return texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
