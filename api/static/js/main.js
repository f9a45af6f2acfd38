// Starts the behaviours of a page; each lives in a module of its own and does nothing where it has no part.
import { follow } from "./live.js";
import { renewOn } from "./renew.js";
import { keepAges } from "./ages.js";
import { watchTheme } from "./theme.js";
import { watchKeys } from "./keys.js";
import { watchFind } from "./find.js";

const live = follow("/api/v1/events");
renewOn(live);
keepAges();
watchTheme();
watchKeys();
watchFind(live);
if (document.querySelector("[data-graphs]")) {
  const { drawGraphs } = await import("./graphs.js");
  drawGraphs(live);
}
document.body.dataset.ready = "";
