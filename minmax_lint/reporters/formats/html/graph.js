"use strict";
/* The graph of one model: neighbourhoods, and the whole with name scopes collapsed. */

const PLACES = ["input", "output", "kept", "outside"];
const MOST_AROUND = 36;
const FEW = 70;
const MOST_VISIBLE = 260;
const LARGEST_FLAT = 60;
const LEAST_ALIKE = 4;
const MOST_OPEN = 8;

class ModelGraph {
  constructor(data, profiles) {
    this.nodes = data.nodes.map(([name, op, place, range, states, codes], row) => ({
      row, name, op, range, states, place: PLACES[place], codes: codes ? codes.split(" ") : [],
    }));
    this.profiles = profiles;
    this.rows = new Map(this.nodes.map((node) => [node.name, node.row]));
    this.edges = data.edges;
    this.next = this.nodes.map(() => []);
    this.previous = this.nodes.map(() => []);
    for (const [source, target] of this.edges) {
      this.next[source].push(target);
      this.previous[target].push(source);
    }
    this.scopes = this.nodes.map((node) => this.scopesOf(node.name));
    this.splitFlatScopes();
    this.blocks = new Map();
    this.foldAlike();
    this.sizes = new Map();
    for (const path of this.scopes) {
      for (const scope of path) this.sizes.set(scope, (this.sizes.get(scope) || 0) + 1);
    }
    this.expanded = this.firstExpansion();
  }

  /* Scopes of a name, outermost first: a/b/c is in a and a/b. */
  scopesOf(name) {
    const parts = name.split("/");
    return parts.slice(0, -1).map((_, depth) => parts.slice(0, depth + 1).join("/"));
  }

  /* Graphs without name scopes get groups of neighbours in file order. */
  splitFlatScopes() {
    const members = new Map();
    this.scopes.forEach((path, row) => {
      const scope = path.length ? path[path.length - 1] : "";
      if (!members.has(scope)) members.set(scope, []);
      members.get(scope).push(row);
    });
    for (const rows of members.values()) {
      if (rows.length <= LARGEST_FLAT) continue;
      const size = Math.max(12, Math.ceil(rows.length / 30));
      for (let start = 0; start < rows.length; start += size) {
        const group = rows.slice(start, start + size);
        const label = `${this.nodes[group[0]].name} … ${this.nodes[group[group.length - 1]].name.split("/").pop()}`;
        for (const row of group) this.scopes[row] = [...this.scopes[row], label];
      }
    }
  }

  /* Neighbouring scopes of the same ops become one: block_0 … block_39. The odd one among them stays by itself. */
  foldAlike() {
    const ops = new Map();
    const parents = new Map();
    this.scopes.forEach((path, row) => path.forEach((scope, depth) => {
      if (!ops.has(scope)) {
        ops.set(scope, []);
        const parent = depth ? path[depth - 1] : "";
        parents.set(parent, [...(parents.get(parent) || []), scope]);
      }
      ops.get(scope).push(this.nodes[row].op);
    }));
    const alike = (scope) => scope.replace(/\d+/g, "#") + " " + ops.get(scope).join();
    const groups = new Map();
    for (const scopes of parents.values()) {
      for (let start = 0, end = 0; start < scopes.length; start = end) {
        for (end = start + 1; end < scopes.length && alike(scopes[end]) === alike(scopes[start]); end += 1);
        if (end - start < LEAST_ALIKE) continue;
        const label = `${scopes[start]} … ${scopes[end - 1].split("/").pop()}`;
        this.blocks.set(label, end - start);
        for (const scope of scopes.slice(start, end)) groups.set(scope, label);
      }
    }
    this.scopes = this.scopes.map((path) => path.flatMap((scope) => groups.has(scope) ? [groups.get(scope), scope] : [scope]));
  }

  row(array) {
    if (array == null) return undefined;
    return this.rows.has(array) ? this.rows.get(array) : this.rows.get(array.replace(/:\d+$/, ""));
  }

  /* What a row is drawn as: itself, or the outermost scope of it that is closed. */
  unit(row) {
    for (const scope of this.scopes[row]) {
      if (!this.expanded.has(scope) && this.sizes.get(scope) > 1) return "scope:" + scope;
    }
    return "node:" + row;
  }

  /* Open the scopes with the fewest units in them first, as long as few things are visible. */
  firstExpansion() {
    const open = new Set();
    this.expanded = open;
    const seen = () => new Set(this.nodes.map((node) => this.unit(node.row)));
    for (;;) {
      const units = seen();
      const closed = [...units].filter((unit) => unit.startsWith("scope:")).map((unit) => unit.slice(6));
      closed.sort((a, b) => this.sizes.get(a) - this.sizes.get(b));
      const next = closed.find((scope) => (this.blocks.get(scope) ?? 0) <= MOST_OPEN && units.size + Math.min(this.sizes.get(scope), LARGEST_FLAT) <= FEW)
        ?? (units.size < 4 ? closed[closed.length - 1] : undefined);
      if (next === undefined) return open;
      open.add(next);
    }
  }

  /* Open what hides a row, so that it is drawn itself. */
  reveal(row) {
    for (const scope of this.scopes[row]) this.expanded.add(scope);
  }

  visibleCount() {
    return new Set(this.nodes.map((node) => this.unit(node.row))).size;
  }

  /* The whole graph, closed scopes as one unit each: [{id, rows, scope}], [[source, target]]. */
  whole() {
    const units = new Map();
    for (const node of this.nodes) {
      const id = this.unit(node.row);
      if (!units.has(id)) units.set(id, { id, rows: [], scope: id.startsWith("scope:") ? id.slice(6) : null });
      units.get(id).rows.push(node.row);
    }
    const pairs = new Map();
    for (const [source, target] of this.edges) {
      const pair = [this.unit(source), this.unit(target)];
      if (pair[0] !== pair[1]) pairs.set(pair.join("\0"), pair);
    }
    return { units: [...units.values()], edges: [...pairs.values()] };
  }

  /* What lies around some rows, nearest first, at most MOST_AROUND. */
  around(seeds, extra) {
    const seen = new Set(seeds);
    let edge = [...seen];
    while (edge.length && seen.size < MOST_AROUND) {
      const reached = [];
      for (const row of edge) {
        for (const other of [...this.next[row], ...this.previous[row]]) {
          if (!seen.has(other) && seen.size < MOST_AROUND) {
            seen.add(other);
            reached.push(other);
          }
        }
      }
      edge = reached;
    }
    for (const row of extra) if (seen.size < MOST_AROUND + 15) seen.add(row);
    const units = [...seen].sort((a, b) => a - b).map((row) => ({ id: "node:" + row, rows: [row], scope: null }));
    const edges = this.edges.filter(([a, b]) => seen.has(a) && seen.has(b));
    return { units, edges: edges.map(([a, b]) => ["node:" + a, "node:" + b]) };
  }

  /* "integer", "float", "mixed" or "plain": what becomes of these rows under one converter. */
  state(rows, profile) {
    const found = new Set(rows.map((row) => this.nodes[row].states[profile]).filter((mark) => mark && mark !== "-"));
    if (found.size > 1) return "mixed";
    return found.has("i") ? "integer" : found.has("f") ? "float" : "plain";
  }
}
