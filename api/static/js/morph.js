// Makes one element like another by changing only what differs: focus, hover and scroll stay.
const MARK_MS = 6000;
const OURS = ["data-marked", "data-dim", "data-found", "data-drawn"]; // set by scripts, unknown to the server

export function morph(shown, fresh) {
  if (shown.isEqualNode(fresh)) return;
  attributes(shown, fresh);
  if (shown.hasAttribute("data-keep")) return;
  const keyed = new Map([...shown.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let place = shown.firstChild;
  for (const next of [...fresh.childNodes]) {
    const same = keyOf(next) ? keyed.get(keyOf(next)) : alike(place, next) ? place : null;
    if (same) {
      if (same === place) place = place.nextSibling;
      else shown.insertBefore(same, place);
      if (same.nodeType === Node.ELEMENT_NODE) morph(same, next);
      else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue;
    } else {
      shown.insertBefore(document.importNode(next, true), place);
    }
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.getAttribute("data-key") || node.id : "";
}

function alike(shown, fresh) {
  return shown && shown.nodeName === fresh.nodeName && keyOf(shown) === keyOf(fresh);
}

function attributes(shown, fresh) {
  const before = shown.getAttribute("data-state");
  for (const { name, value } of [...fresh.attributes]) {
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  for (const { name } of [...shown.attributes]) {
    if (!fresh.hasAttribute(name) && !OURS.includes(name)) shown.removeAttribute(name);
  }
  const key = keyOf(shown);
  if (before && key && before !== shown.getAttribute("data-state")) mark(shown);
}

function mark(element) {
  element.setAttribute("data-marked", "");
  setTimeout(() => element.removeAttribute("data-marked"), MARK_MS);
}
