// The graph of the page, and its engine.
const nodes = story.nodes.map(([name, math, at, value, grad, formula, stale], index) =>
  ({ index, name, math, at, value, grad: grad ?? 0, reached: grad !== null, formula, stale, leaf: formula === undefined }));
const edges = story.edges.map(([source, target, rule, number, off, held], index) =>
  ({ index, source: nodes[source], target: nodes[target], rule, number, off, held }));
const root = nodes[story.root];
const live = typeof engine === "object";

// ---- the engine: the rules of the table, run forward and back over the list of instructions ---------------------
const data = live ? engine.data.slice() : [];
let partials = []; // of every instruction's operands; null where nothing passes

function forward() {
  engine.code.forEach((line, i) => {
    if (!line) return;
    const [kind, ...operands] = line;
    data[i] = engine.rows[kind].f(0, operands.map((k) => k.length ? k[0] : data[k]))[0];
  });
  return data[root.at];
}
const passes = (i) => (partials[i] ??= (() => {
  const [kind, ...operands] = engine.code[i], { d, masked } = engine.rows[kind];
  return d([...operands.map((k) => k.length ? k[0] : data[k]), data[i]]).map((x) => masked && x === 0 ? null : x);
})());

// ∂top/∂value for all values below, by index; hidden ones alone if the sweep stops at shown values.
function sweep(top, stop) {
  const adjoint = [];
  adjoint[top] = 1;
  for (let i = top; i >= 0; i--) {
    if (adjoint[i] === undefined || !engine.code[i] || (stop && i !== top && stop.has(i))) continue;
    engine.code[i].slice(1).forEach((k, position) => {
      const partial = k.length ? null : passes(i)[position];
      if (partial !== null) adjoint[k] = (adjoint[k] ?? 0) + partial * adjoint[i];
    });
  }
  return adjoint;
}

const shown = new Set(nodes.map((node) => node.at)); // where formulas end
function compute() {
  forward();
  partials = [];
  const adjoint = sweep(root.at);
  for (const node of nodes) {
    Object.assign(node, { value: data[node.at], grad: adjoint[node.at] ?? 0, reached: node.at in adjoint, stale: false });
    const local = node.leaf ? [] : sweep(node.at, shown);
    for (const edge of edges) {
      if (edge.target !== node) continue;
      edge.off = !(edge.source.at in local);
      edge.number = local[edge.source.at] ?? 0;
    }
  }
}

function difference(node) { // six points, as check_gradients
  const x = data[node.at], h = Math.cbrt(2 ** -52) * Math.max(1, Math.abs(x));
  const at = (k) => ((data[node.at] = x + k * h), forward());
  const slope = (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60 * h);
  data[node.at] = x;
  forward();
  return slope;
}
