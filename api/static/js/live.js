// The event stream. Tells `change` when something is new, `lost` and `back` when the stream breaks and returns.
const NAMES = ["snapshot", "links", "devices", "incidents", "maintenance", "health", "services", "tick"];
const SILENCE_MS = 12000; // the server speaks at least every 5 s
const RETRY_MS = 4000;

export function follow(address) {
  const live = new EventTarget();
  let heard = Date.now();
  let lost = false;
  let source;

  const hear = (event) => {
    heard = Date.now();
    if (lost) {
      lost = false;
      live.dispatchEvent(new Event("back"));
    }
    if (event.type !== "tick") live.dispatchEvent(new Event("change"));
  };
  const open = () => {
    source = new EventSource(address);
    for (const name of NAMES) source.addEventListener(name, hear);
    source.addEventListener("error", () => {
      // the browser reconnects by itself, except after an answer that was not a stream
      if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS);
    });
  };
  setInterval(() => {
    if (!lost && Date.now() - heard > SILENCE_MS) {
      lost = true;
      live.dispatchEvent(new Event("lost"));
    }
  }, 1000);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
  return live;
}
