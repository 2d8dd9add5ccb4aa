"use strict";
/* Draws units and edges with Cytoscape.js; dagre lays them out. */

const FONT = "system-ui, Segoe UI, Roboto, DejaVu Sans, sans-serif";
const GAP = 56;
const LEAST_ZOOM = 0.4;
const MOST_ROWS = 18;
const MOST_IN_A_RANK = 4;
const DRIFT = 6;
const PEN = document.createElement("canvas").getContext("2d");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

class Drawing {
  constructor(container, onChoose, onOpen) {
    this.cy = cytoscape({ container, minZoom: 0.05, maxZoom: 3, boxSelectionEnabled: false, autoungrabify: true });
    this.cy.on("tap", "node", (event) => onChoose(event.target.id()));
    this.cy.on("dbltap", "node", (event) => onOpen(event.target.id()));
    this.cy.on("mouseover", "node", (event) => { container.title = event.target.data("full"); });
    this.cy.on("mouseout", "node", () => { container.title = ""; });
    new ResizeObserver(() => this.cy.resize()).observe(container);
    this.restyle();
  }

  show(graph, content, profile, marked) {
    const elements = content.units.map((unit) => ({
      data: { id: unit.id, ...this.text(graph, unit) },
      classes: this.classes(graph, unit, profile, marked),
    }));
    const outside = new Set(
      content.units.filter((u) => u.rows.every((row) => graph.nodes[row].place === "outside")).map((u) => u.id));
    content.edges.forEach(([source, target], place) => elements.push({
      data: { id: "edge:" + place, source, target },
      classes: outside.has(source) || outside.has(target) ? "outside" : "",
    }));
    this.cy.elements().remove();
    this.cy.add(elements);
    this.cy.layout({ name: "dagre", rankDir: "TB", nodeSep: 22, rankSep: 38, edgeSep: 8, animate: false, fit: false }).run();
    this.fold();
    this.fit();
  }

  text(graph, unit) {
    if (unit.scope !== null) {
      const name = unit.scope.split("/").pop();
      const blocks = graph.blocks.get(unit.scope);
      const size = `${unit.rows.length} nodes`;
      return sized(`${shorten(name)}\n${blocks ? `${blocks} alike, ${size}` : size}`, unit.scope, "bold ");
    }
    const node = graph.nodes[unit.rows[0]];
    const op = node.op.replace(/^FakeQuantWithMinMax.*/, "FakeQuant");
    const second = [telling(node).split("/").pop().replace(/_\d+$/, "") === op ? "" : shorten(op), node.range].filter(Boolean).join("  ");
    const label = [shorten(telling(node)), second].filter(Boolean).join("\n");
    return sized(label, `${node.name} (${node.op})`, "");
  }

  classes(graph, unit, profile, marked) {
    const nodes = unit.rows.map((row) => graph.nodes[row]);
    const found = [graph.state(unit.rows, profile)];
    if (unit.scope !== null) found.push("scope");
    if (nodes.every((node) => node.place === "outside")) found.push("outside");
    if (nodes.some((node) => node.place === "input" || node.place === "output")) found.push("end");
    if (nodes.some((node) => node.codes.length)) found.push("finding");
    if (unit.rows.some((row) => marked.consequences.has(row))) found.push("consequence");
    if (unit.rows.some((row) => marked.chosen.has(row))) found.push("chosen");
    return found.join(" ");
  }

  /* A chain that is much longer than the sheet is high stands in columns, to be read one after the other. */
  fold() {
    const nodes = this.cy.nodes();
    const ranks = this.straighten(nodes);
    if (!ranks) return;
    const box = nodes.boundingBox();
    const shape = this.cy.width() / Math.max(this.cy.height(), 1);
    const columns = Math.min(Math.round(Math.sqrt((box.h * shape) / (box.w + GAP))), Math.ceil(ranks.length / MOST_ROWS * 2));
    if (columns < 2) return;
    const places = new Map();
    let left = 0;
    for (let at = 0; at < columns; at += 1) {
      const part = ranks.slice(Math.floor((at * ranks.length) / columns), Math.floor(((at + 1) * ranks.length) / columns));
      const own = this.cy.collection(part.flat());
      const { x1, y1, w } = own.boundingBox();
      own.positions((node) => ({ x: node.position("x") - x1 + left, y: node.position("y") - y1 }));
      own.forEach((node) => { places.set(node.id(), at); });
      left += w + GAP;
    }
    this.cy.edges().forEach((edge) => {
      if (places.get(edge.source().id()) !== places.get(edge.target().id())) edge.addClass("next-column");
    });
  }

  /* The ranks of a long, thin drawing, which no longer drifts to a side; null for any other. */
  straighten(nodes) {
    const byHeight = new Map();
    nodes.forEach((node) => {
      const y = Math.round(node.position("y"));
      byHeight.set(y, [...(byHeight.get(y) ?? []), node]);
    });
    const ranks = [...byHeight].sort(([a], [b]) => a - b).map(([, rank]) => rank);
    if (ranks.length < MOST_ROWS || nodes.length > MOST_IN_A_RANK * ranks.length) return null;
    const centres = ranks.map((rank) => rank.reduce((sum, node) => sum + node.position("x"), 0) / rank.length);
    ranks.forEach((rank, at) => {
      const around = centres.slice(Math.max(0, at - DRIFT), at + DRIFT + 1);
      const drift = around.reduce((sum, x) => sum + x, 0) / around.length;
      for (const node of rank) node.position("x", node.position("x") - drift);
    });
    return ranks;
  }

  fit() {
    this.cy.resize();
    const chosen = this.cy.$(".chosen");
    this.cy.fit(undefined, 28);
    if (this.cy.zoom() > 1.4) { this.cy.zoom(1.4); this.cy.center(); }
    if (this.cy.zoom() < 0.55 && chosen.nonempty()) {
      const wide = (this.cy.width() - GAP / 2) / this.cy.elements().boundingBox().w;
      this.cy.zoom(wide < LEAST_ZOOM ? 0.75 : Math.min(wide, 0.75));
      this.cy.center(chosen);
      const { x1, w } = this.cy.elements().renderedBoundingBox();
      if (wide >= LEAST_ZOOM) this.cy.panBy({ x: (this.cy.width() - w) / 2 - x1, y: 0 });
    }
  }

  zoom(factor) {
    const middle = { x: this.cy.width() / 2, y: this.cy.height() / 2 };
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: middle });
  }

  pan(x, y) {
    this.cy.panBy({ x, y });
  }

  centre(id) {
    const node = this.cy.getElementById(id);
    if (node.nonempty()) this.cy.center(node);
  }

  restyle() {
    const fill = (name) => ({ "background-color": colour(name), "border-color": colour(name + "-line") });
    this.cy.style([
      { selector: "node", style: {
        shape: "round-rectangle", width: "data(width)", height: "data(height)", label: "data(label)",
        "text-wrap": "wrap", "text-valign": "center", "text-halign": "center", "font-size": 12, "line-height": 1.25,
        "font-family": FONT, color: colour("text"),
        "border-width": 1.5, ...fill("plain") } },
      { selector: "node.integer", style: fill("integer") },
      { selector: "node.float", style: fill("float") },
      { selector: "node.mixed", style: { "border-color": colour("float-line"),
        "background-fill": "linear-gradient", "background-gradient-direction": "to-right",
        "background-gradient-stop-colors": `${colour("integer")} ${colour("float")}` } },
      { selector: "node.scope", style: { shape: "cut-rectangle", "border-width": 2, "font-weight": "bold" } },
      { selector: "node.outside", style: { "border-style": "dashed", "background-opacity": 0.15, color: colour("soft") } },
      { selector: "node.end", style: { "border-style": "double", "border-width": 5, "border-color": colour("text") } },
      { selector: "node.consequence", style: { "outline-color": colour("consequence"), "outline-width": 3,
        "outline-offset": 3 } },
      { selector: "node.finding", style: { "border-color": colour("error"), "border-width": 3 } },
      { selector: "node.chosen", style: { "underlay-color": colour("accent"), "underlay-opacity": 0.32,
        "underlay-padding": 8, "underlay-shape": "round-rectangle" } },
      { selector: "edge", style: { width: 1.6, "line-color": colour("edge"), "target-arrow-color": colour("edge"),
        "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier" } },
      { selector: "edge.next-column", style: { "curve-style": "taxi", "taxi-direction": "rightward", "taxi-turn": "50%" } },
      { selector: "edge.outside", style: { "line-style": "dashed", opacity: 0.75 } },
    ]);
  }
}

function sized(label, full, weight) {
  PEN.font = `${weight}12px ${FONT}`;
  const lines = label.split("\n");
  const width = Math.max(...lines.map((line) => PEN.measureText(line).width));
  return { label, full, width: Math.ceil(width) + 20, height: lines.length * 15 + 16 };
}

/* The part of a name that tells something: `act_quant`, where the last part only repeats the op. A fused op of a
   .tflite is called by all its sources (`a/Relu6;a/Conv2D`): the first counts. */
function telling(node) {
  const [first, ...others] = node.name.split(";");
  const parts = first.split("/");
  const last = parts.pop();
  const repeats = others.length || last === "read" || last.replace(/_\d+$/, "") === node.op;
  return repeats && parts.length ? `${parts.pop()}/${last.replace(/^FakeQuantWithMinMax\w*?(_\d+)?$/, "FakeQuant$1")}` : last;
}

const shorten = (text) => (text.length > 34 ? `${text.slice(0, 20)}…${text.slice(-12)}` : text);
