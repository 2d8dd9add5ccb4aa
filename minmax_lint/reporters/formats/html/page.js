"use strict";
/* The page: what is chosen, and everything around the drawing. */

const DATA = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const state = { model: 0, finding: null, node: null, code: null, view: "around", profile: 0 };
const graphs = DATA.models.map((model) => new ModelGraph(model.graph, model.profiles));
const drawing = new Drawing($("graph"), choose, open_);
const overview = new OverviewMap(drawing.cy, $("map"));
const VERDICTS = { quantized: "quantized", float: "stays float", abort: "aborts", undetermined: "undetermined" };
const LEVELS = ["error", "warning", "info"];
const MOST_HITS = 40;
const MOST_LISTED = 10;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const model = () => DATA.models[state.model];
const graph = () => graphs[state.model];
const shown = () => model().findings.filter((finding) => !state.code || finding.code === state.code);
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1); // a quoted name begins as it is
const current = () => model().findings[state.finding] ?? null;

function consequences(finding) {
  return finding ? finding.consequences.map((name) => graph().row(name)).filter((row) => row !== undefined) : [];
}

function rowsOf(finding) {
  if (!finding) return [];
  const names = [finding.node, finding.array, ...finding.path.map((step) => step.node)];
  return [...new Set(names.map((name) => graph().row(name)).filter((row) => row !== undefined))];
}

function draw() {
  if (!model()) return;
  const found = current();
  const chosen = state.node !== null ? [state.node] : rowsOf(found);
  const marked = { chosen: new Set(chosen), consequences: new Set(consequences(found)) };
  let seeds = chosen;
  if (!seeds.length) seeds = [...model().outputs, ...model().inputs].map((name) => graph().row(name)).filter((row) => row !== undefined);
  const content = state.view === "whole" ? graph().whole() : graph().around(seeds, marked.consequences);
  drawing.show(graph(), content, state.profile, marked);
  overview.draw();
  const drawn = content.units.reduce((sum, unit) => sum + unit.rows.length, 0);
  const folded = content.units.filter((unit) => unit.scope !== null).length;
  $("note").textContent = folded
    ? `${content.units.length} shapes for ${drawn} nodes; double-click opens one`
    : `${drawn} of ${graph().nodes.length} nodes`;
  $("around").textContent = `Around the ${state.node !== null ? "node" : found ? "finding" : "ends"}`;
  for (const view of ["around", "whole"]) $(view).setAttribute("aria-pressed", state.view === view);
  remember();
}

/* Every way of converting the model, the best first; its name opens the Python that converts so. */
function showWays() {
  const ways = model().ways;
  $("ways").hidden = !ways.length;
  document.body.classList.toggle("long", ways.length > 0);
  const cell = (title, text, kind = "") => element("td", { class: text === "-" ? "nothing" : kind, "data-title": title }, text);
  const titles = ["way", "verdict", "TensorFlow", "integer ops", "integer MACs", "runs", "Edge TPU", "inputs → outputs", ""];
  const rows = ways.flatMap((way) => {
    const code = element("tr", { class: "code", hidden: "" }, element("td", { colspan: titles.length }, element("pre", {}, way.code)));
    const name = element("button", { class: "name", "aria-expanded": "false", title: "The Python that converts this way",
      onclick: () => { code.hidden = !code.hidden; name.setAttribute("aria-expanded", String(!code.hidden)); } }, way.name);
    name.disabled = !way.code;
    return [element("tr", { class: `way ${way.verdict}` }, element("td", {}, name),
      element("td", { class: "verdict-cell" }, element("b", {}, VERDICTS[way.verdict])),
      cell("TensorFlow", way.tensorflow, "version"), cell("ops", way.ops), cell("MACs", way.macs),
      cell("runs", way.runs, way.runs), cell("Edge TPU", way.edge_tpu), cell(null, way.types), element("td", { class: "detail" }, way.detail)), code];
  });
  $("ways").replaceChildren(element("h2", {}, model().waysHeading), element("table", {},
    element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", {}, title)))), element("tbody", {}, ...rows)));
}

function showVerdicts() {
  $("verdicts").replaceChildren(...model().profiles.map((found) => {
    const share = found.verdict === "abort" ? null : found.integer_share;
    const percent = share === null ? "" : `${found.share} of ops integer`;
    const says = [percent, found.says].filter(Boolean).join(". ");
    return element("div", { class: `verdict ${found.verdict}` },
      element("h2", {}, found.title, element("b", {}, VERDICTS[found.verdict])),
      says ? element("p", {}, says) : null,
      share === null ? null : element("div", { class: "bar" }, element("i", { style: `width:${share * 100}%` })));
  }));
  $("colour").replaceChildren(...model().profiles.map((found, place) => element("button", {
    "aria-pressed": place === state.profile, title: `Colour by ${found.title}`,
    onclick: () => { state.profile = place; showVerdicts(); draw(); },
  }, found.name)));
}

function showCodes() {
  const counts = new Map();
  for (const finding of model().findings) counts.set(finding.code, (counts.get(finding.code) || 0) + 1);
  const chip = (code, label) => element("button", {
    "aria-pressed": state.code === code, title: code ? DATA.rules[code] : "All findings", "data-code": code ?? "all",
    onclick: () => filter(code),
  }, label);
  $("codes").replaceChildren(chip(null, `all ${model().findings.length}`),
    ...[...counts].sort().map(([code, count]) => chip(code, `${code} ${count}`)));
}

function showFindings() {
  const items = shown().map((finding) => {
    const place = model().findings.indexOf(finding);
    return element("button", {
      class: `finding ${finding.severity}`, role: "option", "aria-selected": place === state.finding,
      "data-fingerprint": finding.fingerprint, onclick: () => select(place),
    }, element("b", {}, finding.code), ` ${finding.severity}`,
    finding.fix ? element("span", { class: `tag ${finding.fix.applicability}` }, `${finding.fix.applicability} fix`) : null,
    element("span", {}, sentence(finding.message)), element("small", {}, finding.node ?? finding.array ?? ""));
  });
  const empty = element("p", { class: "empty" }, model().findings.length ? "No finding of this rule." : "No findings. ✓");
  $("findings").replaceChildren(...(items.length ? items : [empty]));
}

function nodeLink(name) {
  const row = graph().row(name);
  if (row === undefined) return element("code", {}, name);
  return element("a", { class: "node", href: "#", onclick: (event) => { event.preventDefault(); goTo(row); } },
    element("code", {}, name));
}

const section = (title, ...content) => [element("h3", {}, title), ...content];
const list = (tag, items) => element(tag, {}, ...items.map((item) => element("li", {}, ...[item].flat())));

function showDetails() {
  const parts = state.node !== null ? nodeDetails(graph().nodes[state.node]) : findingDetails(current());
  $("details").replaceChildren(...parts);
}

function findingDetails(finding) {
  if (!finding) {
    const { path, format, kept, nodes, inputs, outputs, inferred } = model();
    return [element("h2", {}, path), element("p", { class: "soft" }, `${format}, ${kept} of ${nodes} nodes kept`),
      ...section("Inputs", list("ul", inputs.map(nodeLink))), ...section("Outputs", list("ul", outputs.map(nodeLink))),
      inferred ? element("p", { class: "soft" }, inferred) : ""];
  }
  const parts = [element("h2", {}, `${finding.code} ${finding.name}`),
    element("p", { class: "soft" }, DATA.rules[finding.code] ?? ""), element("p", {}, sentence(finding.message))];
  if (finding.node) parts.push(...section("Node", nodeLink(finding.node)));
  if (finding.fix) parts.push(...section(`Fix (${finding.fix.applicability})`, element("p", {}, finding.fix.description)));
  if (finding.fix) parts.push(element("pre", {}, model().fix[finding.fix.applicability]));
  if (finding.advice) parts.push(...section("What to do", element("p", {}, finding.advice)));
  if (finding.path.length) {
    parts.push(...section("Path", list("ol", finding.path.map((step) => [`${step.op} `, nodeLink(step.node), step.note ? `  ${step.note}` : ""]))));
  }
  if (finding.profiles.length) parts.push(...section("Converters", element("p", {}, model().profiles.filter((one) => finding.profiles.includes(one.name)).map((one) => one.title).join(", "))));
  const affected = finding.consequences.filter((name) => name !== finding.node);
  const count = affected.length;
  if (count) {
    parts.push(...section(`Affected (${count})`, list("ul", affected.slice(0, MOST_LISTED).map(nodeLink))));
    if (count > MOST_LISTED) parts.push(element("p", { class: "soft" }, `and ${count - MOST_LISTED} more`));
  }
  return parts;
}

function nodeDetails(node) {
  const becomes = model().profiles.map((found, place) => {
    const mark = node.states[place];
    return `${found.title}: ${mark === "i" ? "integer" : mark === "f" ? "float" : "nothing known"}`;
  });
  const related = model().findings.filter((one) => rowsOf(one).includes(node.row) || consequences(one).includes(node.row));
  const scope = graph().scopes[node.row].filter((name) => graph().expanded.has(name)).pop();
  return [element("h2", {}, node.name), element("p", { class: "soft" }, `${node.op}, ${node.place}`),
    ...section("Range", element("p", {}, node.range || "none")), ...section("Becomes", list("ul", becomes)),
    ...(related.length ? section("Findings", list("ul", related.map((one) => element("a", { class: "node", href: "#",
      onclick: (event) => { event.preventDefault(); select(model().findings.indexOf(one)); } }, `${one.code} ${one.message}`)))) : []),
    ...section("Reads", list("ul", graph().previous[node.row].map((row) => nodeLink(graph().nodes[row].name)))),
    ...section("Read by", list("ul", graph().next[node.row].map((row) => nodeLink(graph().nodes[row].name)))),
    scope && state.view === "whole" ? element("p", {}, element("button", {
      onclick: () => { graph().expanded.delete(scope); state.node = null; draw(); showDetails(); } }, `Close ${scope}`)) : ""];
}

function select(place) {
  Object.assign(state, { finding: place, node: null });
  if (state.view === "whole") for (const row of rowsOf(current())) graph().reveal(row);
  showFindings();
  showDetails();
  draw();
  document.querySelector('.finding[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

function filter(code) {
  state.code = code;
  showCodes();
  if (current() && !shown().includes(current())) select(shown().length ? model().findings.indexOf(shown()[0]) : null);
  else showFindings();
  remember();
}

function goTo(row) {
  state.node = row;
  if (state.view === "whole") graph().reveal(row);
  showDetails();
  draw();
}

function choose(id) {
  if (!id.startsWith("node:")) return;
  state.node = Number(id.slice(5));
  showDetails();
  drawing.cy.nodes().removeClass("chosen");
  drawing.cy.getElementById(id).addClass("chosen");
}

function open_(id) {
  if (id.startsWith("scope:")) {
    graph().expanded.add(id.slice(6));
    if (graph().visibleCount() > MOST_VISIBLE) graph().expanded = new Set(graph().scopes[graph().nodes.findIndex((node) => graph().scopes[node.row].includes(id.slice(6)))]);
    draw();
  } else goTo(Number(id.slice(5)));
}

function search(text) {
  const wanted = text.trim().toLowerCase();
  const hits = wanted ? graph().nodes.filter((node) => `${node.name} ${node.op}`.toLowerCase().includes(wanted)) : [];
  $("hits").replaceChildren(...hits.slice(0, MOST_HITS).map((node) => element("li", {}, element("button", {
    onclick: () => { $("hits").hidden = true; goTo(node.row); } }, node.name, " ", element("small", {}, node.op)))));
  if (wanted && !hits.length) $("hits").append(element("li", { class: "empty" }, "No such node in the drawing."));
  $("hits").hidden = !wanted;
}

function showModel(place) {
  Object.assign(state, { model: place, finding: null, node: null, code: null });
  state.profile = Math.max(0, model().profiles.findIndex((_, at) => graph().nodes.some((node) => "if".includes(node.states[at]))));
  if (model().findings.length) state.finding = 0;
  showWays();
  showVerdicts();
  showCodes();
  showFindings();
  showDetails();
  draw();
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  drawing.restyle();
  overview.draw();
  remember();
}

/* The address holds what is chosen, so that a link leads to a finding. */
function remember() {
  const found = current();
  const words = new URLSearchParams({ model: state.model, view: state.view });
  if (found) words.set("finding", found.fingerprint);
  if (state.code) words.set("code", state.code);
  if (state.node !== null) words.set("node", graph().nodes[state.node].name);
  words.set("theme", document.documentElement.dataset.theme);
  try { history.replaceState(null, "", "#" + words); } catch { /* a sandboxed frame has no history */ }
}

const numbers = (findings) => LEVELS.map((level) => findings.filter((one) => one.severity === level).length);
const tally = (findings) => numbers(findings).map((n, at) => n ? `${n} ${LEVELS[at]}${n === 1 ? "" : "s"}` : "").filter(Boolean).join(", ") || "no findings";

/* The model with the most errors, of several the one with the most warnings; of equals the first. */
function worst() {
  const places = [...DATA.models.keys()];
  const more = (a, b) => numbers(DATA.models[b].findings).map((n, at) => n - numbers(DATA.models[a].findings)[at]).find((by) => by) ?? 0;
  return places.sort(more)[0];
}

function start() {
  const words = new URLSearchParams(location.hash.slice(1));
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = words.get("theme") ?? (dark ? "dark" : "light");
  drawing.restyle();
  const several = DATA.models.length > 1;
  $("model").append(...DATA.models.map((one, place) =>
    element("option", { value: place }, several ? `${one.path} (${tally(one.findings)})` : one.path)));
  $("counts").textContent = tally(DATA.models.flatMap((one) => one.findings)) + (several ? ` in ${DATA.models.length} models` : "");
  $("unreadable").replaceChildren(...DATA.unreadable.map(([path, message]) =>
    element("p", {}, message.includes(path) ? message : `${path}: ${message}`)));
  if (!DATA.models.length) return;
  const place = Math.min(Number(words.get("model") ?? worst()) || 0, DATA.models.length - 1);
  $("model").value = place;
  if (words.get("view") === "whole") state.view = "whole";
  showModel(place);
  if (words.get("code")) filter(words.get("code"));
  const chosen = model().findings.findIndex((one) => one.fingerprint === words.get("finding"));
  if (chosen >= 0) select(chosen);
  if (graph().row(words.get("node")) !== undefined) goTo(graph().row(words.get("node")));
}

function step(by) {
  const found = shown();
  if (!found.length) return;
  const at = found.indexOf(current());
  select(model().findings.indexOf(found[(at + by + found.length) % found.length]));
}

const setView = (view) => { state.view = view; if (view === "whole") for (const row of rowsOf(current())) graph().reveal(row); draw(); };
const KEYS = {
  j: () => step(1), k: () => step(-1), f: () => drawing.fit(), t: () => $("theme").click(), "?": () => $("keys").showModal(),
  g: () => setView(state.view === "whole" ? "around" : "whole"), "+": () => drawing.zoom(1.25), "-": () => drawing.zoom(0.8),
  "/": (event) => { event.preventDefault(); $("search").focus(); },
};
const MOVES = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { $("search").value = ""; search(""); if (state.code) filter(null); $("search").blur(); return; }
  if (event.target.matches("input, select")) return;
  if (MOVES[event.key] && event.target === $("graph")) { event.preventDefault(); drawing.pan(...MOVES[event.key]); }
  KEYS[event.key]?.(event);
});
$("model").addEventListener("change", (event) => showModel(Number(event.target.value)));
$("search").addEventListener("input", (event) => search(event.target.value));
$("search").addEventListener("keydown", (event) => { if (event.key === "Enter") $("hits").querySelector("button")?.click(); });
$("around").addEventListener("click", () => setView("around"));
$("whole").addEventListener("click", () => setView("whole"));
$("in").addEventListener("click", () => drawing.zoom(1.25));
$("out").addEventListener("click", () => drawing.zoom(0.8));
$("fit").addEventListener("click", () => drawing.fit());
$("help").addEventListener("click", () => $("keys").showModal());
$("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
start();
document.documentElement.dataset.ready = "true";
