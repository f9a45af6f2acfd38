// The graphs of a link: in above the axis, out below it; the mean filled, the greatest as a thin line.
import uPlot from "/static/vendor/uPlot.esm.js";
import { text } from "./texts.js";

const RENEW_MS = 30000;
const SCALE = { traffic: 1e6, loss: 0.01 }; // to Mb/s, to per cent

export function drawGraphs(live) {
  const board = document.querySelector("[data-graphs]");
  const cursor = uPlot.sync("link");
  let plots = [];
  let drawn = 0;

  const draw = async () => {
    drawn = Date.now();
    const figures = [...board.querySelectorAll("[data-graph]")];
    const read = await Promise.all(figures.map((figure) => series(board, figure.dataset.metrics.split(" "))));
    for (const plot of plots) plot.destroy();
    plots = figures.map((figure, index) => graph(figure, read[index], board, cursor)).filter(Boolean);
    board.dataset.drawn = board.dataset.range;
  };
  live.addEventListener("change", () => Date.now() - drawn > RENEW_MS && draw());
  document.addEventListener("themed", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("resize", () => {
    for (const plot of plots) plot.setSize(size(plot.root.parentElement));
  });
  draw();
}

async function series(board, metrics) {
  const to = new Date();
  const from = new Date(to - board.dataset.seconds * 1000);
  const one = async (metric) => {
    const query = new URLSearchParams({ metric, from: from.toISOString(), to: to.toISOString() });
    const answer = await fetch(`/api/v1/links/${encodeURIComponent(board.dataset.graphs)}/series?${query}`);
    return answer.ok ? answer.json() : null;
  };
  try {
    const found = await Promise.all(metrics.map(one));
    return found.every(Boolean) ? found : null;
  } catch {
    return null;
  }
}

const size = (plot) => ({ width: plot.clientWidth, height: plot.clientHeight });
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function say(plot, words) {
  const note = document.createElement("p");
  note.className = "empty";
  note.textContent = words;
  plot.replaceChildren(note);
}

function graph(figure, found, board, cursor) {
  const plot = figure.querySelector(".plot");
  plot.replaceChildren();
  figure.querySelector(".readout").replaceChildren();
  if (!found) return say(plot, text("graph.failed"));
  if (!found.some((one) => one.mean.some((value) => value !== null))) return say(plot, text("graph.empty"));
  const unit = SCALE[figure.dataset.graph] ?? 1;
  const at = found[0].at.map((time) => Date.parse(time) / 1000);
  const scaled = (values, sign) => values.map((value) => (value === null ? null : (sign * value) / unit));
  const data = [at];
  const lines = [{}];
  found.forEach((one, index) => {
    const sign = index ? -1 : 1;
    const color = token(index ? "--series-out" : "--series-in");
    data.push(scaled(one.mean, sign), scaled(one.maximum, sign));
    lines.push({ stroke: color, width: 1.4, fill: `${color}2e`, points: { show: false } });
    lines.push({ stroke: `${color}70`, width: 1, points: { show: false } });
  });
  const ink = token("--ink-3");
  const grid = { stroke: token("--line"), width: 1 };
  const options = {
    ...size(plot),
    ms: 1e-3,
    cursor: { sync: { key: cursor.key }, points: { size: 6 }, drag: { x: true, y: false } },
    legend: { show: false },
    scales: { y: { range: (_, low, high) => bounds(low, high, found.length > 1) } },
    axes: [
      { stroke: ink, grid, ticks: grid, size: 30, values: hours },
      { stroke: ink, grid, ticks: grid, size: 58, values: (_, ticks) => ticks.map((tick) => short(Math.abs(tick))) },
    ],
    series: lines,
    hooks: {
      drawClear: [(u) => bands(u, JSON.parse(board.dataset.marks))],
      setCursor: [(u) => readOut(u, figure, found, unit)],
    },
  };
  const made = new uPlot(options, data, plot);
  readOut(made, figure, found, unit);
  return made;
}

function bounds(low, high, both) {
  const most = Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0)) * 1.08 || 1;
  return both ? [Math.min(low ?? 0, 0) * 1.08 || -most * 0.1, Math.max(high ?? 0, 0) * 1.08 || most * 0.1] : [0, most];
}

function short(value) {
  if (value === 0) return "0";
  if (value >= 100) return value.toFixed(0);
  return Number(value.toPrecision(2)).toString();
}

// 24-hour clock and ISO dates, the same in both languages
function hours(plot, ticks, _axis, _space, step) {
  const two = (number) => String(number).padStart(2, "0");
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const date = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
    if (step >= 86400) return date;
    const clock = `${two(time.getHours())}:${two(time.getMinutes())}`;
    return time.getHours() + time.getMinutes() === 0 ? date : clock;
  });
}

// Time when the link was not up, behind the lines
function bands(plot, marks) {
  const { left, width, top, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.globalAlpha = 0.22;
  for (const [start, end, state] of marks) {
    const from = Math.max(left, plot.valToPos(start, "x", true));
    const to = Math.min(left + width, plot.valToPos(end, "x", true));
    if (to <= from) continue;
    plot.ctx.fillStyle = token(`--${state}`);
    plot.ctx.fillRect(from, top, Math.max(to - from, 1), height);
  }
  plot.ctx.restore();
}

function readOut(plot, figure, found, unit) {
  const readout = figure.querySelector(".readout");
  const index = plot.cursor.idx;
  const parts = found.map((one, side) => {
    const part = document.createElement("i");
    const direction = text(side ? "graph.out" : "graph.in");
    part.className = side ? "out" : "in";
    const all = one.mean.filter((value) => value !== null);
    const last = index == null ? all.at(-1) : one.mean[index];
    const most = index == null ? Math.max(...one.maximum.filter((value) => value !== null)) : one.maximum[index];
    const show = (value) => (value == null ? "–" : short(value / unit));
    const name = found.length > 1 ? `${direction} ` : "";
    part.textContent = `${name}${show(last)}, ${text("graph.max")} ${show(most)}`;
    return part;
  });
  if (index != null) {
    const time = document.createElement("time");
    time.textContent = new Date(plot.data[0][index] * 1000).toISOString().slice(0, 16).replace("T", " ") + " UTC";
    parts.unshift(time);
  }
  readout.replaceChildren(...parts);
}
