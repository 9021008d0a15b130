// The steps of the story, and each told in words and in MathML.
function format(x, digits = 4) { // as Python's .4g
  if (x !== x) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  const short = (text) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  const text = +exponent < -4 || +exponent >= digits ? short(mantissa) + "e" + +exponent : short(x.toPrecision(digits));
  return x === 0 ? "0" : text.replaceAll("-", "−");
}
const contribution = (edge) => edge.off || !edge.target.reached ? 0 : edge.number * edge.target.grad;

// Steps: the leaves; each operation; the seed; each edge, in the engine's order.
const steps = [{ phase: "start" }];
for (const node of nodes) if (!node.leaf) steps.push({ phase: "forward", node });
const seed = steps.length;
steps.push({ phase: "backward", node: root });
for (const index of story.order) steps.push({ phase: "backward", edge: edges[index] });
const last = steps.length - 1;

const outgoing = nodes.map(() => []);
for (const edge of edges) outgoing[edge.source.index].push(edge);
const into = nodes.map(() => []); // the steps that bring each node a contribution
const visits = nodes.map(() => []);
steps.forEach((step, s) => {
  if (step.edge) into[step.edge.source.index].push(s);
  visits[(step.edge ? step.edge.source : step.node ?? root).index].push(s);
});
visits[root.index] = visits[root.index].filter((s) => s > 0);

const shapes = nodes.map((node) => {
  const group = $("n" + node.index);
  group.setAttribute("role", "button");
  group.setAttribute("tabindex", "0");
  const name = group.querySelector(".g");
  return { group, value: group.querySelector(".v"), grad: group.querySelector(".d"), name, symbol: name.innerHTML };
});
const lines = edges.map((edge) => {
  const label = $("l" + edge.index);
  return { line: $("e" + edge.index), label, number: label?.querySelector(".r.b") };
});

// ---- mathematics -------------------------------------------------------------------------------------------------
const mo = (text) => `<mo>${text}</mo>`;
const minus = '<mo form="prefix">−</mo>';
const num = (text) => text.startsWith("−") ? `<mrow>${minus}<mn>${text.slice(1)}</mn></mrow>` : `<mn>${text}</mn>`;
const factor = (text) => text.startsWith("−") ? `<mrow>${mo("(")}${num(text)}${mo(")")}</mrow>` : num(text);
const sum_of = (terms) => terms.map((text, k) =>
  k === 0 ? num(text) : text.startsWith("−") ? mo("−") + num(text.slice(1)) : mo("+") + num(text)).join("");
const slope = (of, by) =>
  `<mfrac><mrow>${mo("∂")}${of.math}</mrow><mrow>${mo("∂")}${by.math}</mrow></mfrac>`;
const result = (text) => `<mrow class="result">${num(text)}</mrow>`;
const filled = (formula, what) => formula.replace(/\{(\d+)\}/g, (_, k) => what(nodes[k])); // {3} is node 3
const ALONE = /(?<=[(,|] ?<\/mo>(<mrow>)?)\{(\d+)\}(?=(<\/mrow>)?<mo>[),|])/g; // between signs that fence a number already
const valued = (formula) =>
  filled(formula.replace(ALONE, (...[, , k]) => num(format(nodes[k].value))), (node) => factor(format(node.value)));
const named = (formula) => filled(formula, (node) => node.math);
const local = (edge) => // holding what else depends on the source
  edge.held ? `<mrow>${slope(edge.target, edge.source)}<msub>${mo("|")}${edge.held}</msub></mrow>` : slope(edge.target, edge.source);
const equation = (parts, look = "") => // each side of its own, so that a narrow page breaks at the equals signs
  `<p class="eq ${look}">${parts.map((part, k) => `<math displaystyle="true"><mrow>${k ? mo("=") : ""}${part}</mrow></math>`).join(" ")}</p>`;

function path(node) { // the edges from a node to the output, if there is only one way
  const found = [];
  while (node !== root) {
    const ways = outgoing[node.index];
    if (ways.length !== 1 || found.length > 6) return null;
    found.push(ways[0]);
    node = ways[0].target;
  }
  return found;
}

function told(s) {
  const { phase, node, edge } = steps[s];
  if (phase === "start") {
    return ["The inputs and the parameters have their numbers; nothing is computed yet.", ""];
  }
  if (phase === "forward") {
    const parts = [node.math, named(node.formula)];
    if (node.formula.includes("{") && !node.stale) parts.push(valued(node.formula));
    return [`Forward: compute ${node.name} from its operands.`, equation([...parts, result(format(node.value))], "forward")];
  }
  if (!edge) {
    return [`Backward starts at the output: ${root.name} changes one for one with itself.`,
      equation([slope(root, root), result("1")])];
  }
  const { source, target, rule } = edge, number = format(edge.number), product = format(contribution(edge));
  const arrivals = into[source.index], turn = arrivals.indexOf(s) + 1, many = arrivals.length > 1;
  const words = `Backward along ${target.name} → ${source.name}: multiply the gradient arriving at ${target.name} ` +
    `by the local derivative${many ? ` (contribution ${turn} of ${arrivals.length})` : ""}.`;
  const whole = target === root ? [] : [mo("·"), slope(root, target)];
  const parts = many ? [] : [slope(root, source)];
  if (target !== root || many) parts.push([local(edge), ...whole].join(""));
  if (rule && rule !== num(number)) parts.push([named(rule), ...whole].join(""));
  if (target !== root) parts.push(factor(number) + mo("·") + factor(format(target.grad)));
  const math = [equation([...parts, result(product)])];
  const way = path(target);
  if (!many && way && way.length > 1) {
    const chain = [edge, ...way];
    math.push(equation([slope(root, source), chain.map(local).join(mo("·")),
      chain.map((e) => factor(format(e.number))).join(mo("·")), result(product)]));
  }
  if (many) {
    const found = arrivals.slice(0, turn).map((t) => contribution(steps[t].edge)), terms = found.map((x) => format(x));
    const few = terms.length > 5 ? [...terms.slice(0, 2), "…", terms.at(-1)] : terms;
    const done = turn === arrivals.length, sum = format(found.reduce((x, y) => x + y, 0));
    const left = done ? slope(root, source) : `<mrow>${slope(root, source)}<mtext>&nbsp;so far</mtext></mrow>`;
    math.push(equation([left, ...(turn > 1 ? [sum_of(few)] : []), result(sum)]));
  }
  return [words, math.join("")];
}
