// What the pages share: making elements, writing numbers, tables, ticks of axes. Part of each page, after its own beginning:
// `content` is what the program says, `main` the element that the page fills. Texts reach the page as text, never as HTML.
"use strict";
const content = JSON.parse(document.getElementById("content").textContent);
const main = document.getElementById("report");

// ---- elements -------------------------------------------------------------------------------------------------------------
const SVG = "http://www.w3.org/2000/svg";
function element(name, attributes = {}, ...children) {
  const made = ["svg", "path", "line", "circle", "rect", "text", "g", "title"].includes(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const child of children) made.append(child);
  return made;
}
function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size >= 1000 ? value.toLocaleString("en", {maximumFractionDigits: 1}) : String(Number(value.toPrecision(digits)));
}
function section(title, ...children) {
  const made = element("section", {}, element("h2", {}, title), ...children);
  main.append(made);
  return made;
}
function table(header, rows, numeric = []) {
  const cell = (name, text, i) => element(name, numeric.includes(i) ? {class: "n"} : {}, text instanceof Node ? text : String(text));
  const head = element("tr", {}, ...header.map((text, i) => cell("th", text, i)));
  const body = rows.map(row => element("tr", row.best ? {class: "best"} : {}, ...row.cells.map((text, i) => cell("td", text, i))));
  return element("div", {class: "scroll"}, element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}
function ticks(low, high) {
  if (!(high > low)) return [low];
  const raw = (high - low) / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(x => x * power).find(x => x >= raw);
  const made = [];
  for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) made.push(Math.abs(t) < step * 1e-9 ? 0 : t);
  return made;
}
function range(...lists) {
  let low = Infinity, high = -Infinity;
  for (const value of lists.flat()) if (value !== null && Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
  return low <= high ? [low, high] : [0, 1];
}
