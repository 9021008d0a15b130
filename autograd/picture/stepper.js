// Tells the story in the page: what is known after each step, and how the newest number came about.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const story = JSON.parse($("story").textContent);
  const nodes = story.nodes.map(([name, math, value, grad, formula, stale], index) =>
    ({ index, name, math, value, grad, formula, stale, leaf: formula === undefined }));
  const edges = story.edges.map(([source, target, rule, number, contribution, sum = contribution], index) =>
    ({ index, source: nodes[source], target: nodes[target], rule, number, contribution, sum }));
  const root = nodes[story.root];

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
    return { group, value: group.querySelector(".v"), grad: group.querySelector(".d") };
  });
  const lines = edges.map((edge) => ({ line: $("e" + edge.index), label: $("l" + edge.index) }));

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
  const named = (formula) => filled(formula, (node) => node.math);
  const equation = (parts, look = "") => `<math class="${look}" displaystyle="true"><mrow>${parts.join(mo("="))}</mrow></math>`;

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
      if (node.formula.includes("{") && !node.stale) parts.push(filled(node.formula, (operand) => factor(operand.value)));
      return [`Forward: compute ${node.name} from its operands.`, equation([...parts, result(node.value)], "forward")];
    }
    if (!edge) {
      return [`Backward starts at the output: ${root.name} changes one for one with itself.`,
        equation([slope(root, root), result("1")])];
    }
    const { source, target, rule, number, contribution, sum } = edge;
    const arrivals = into[source.index], turn = arrivals.indexOf(s) + 1, many = arrivals.length > 1;
    const words = `Backward along ${target.name} → ${source.name}: multiply the gradient arriving at ${target.name} ` +
      `by the local derivative${many ? ` (contribution ${turn} of ${arrivals.length})` : ""}.`;
    const whole = target === root ? [] : [mo("·"), slope(root, target)];
    const parts = many ? [] : [slope(root, source)];
    if (target !== root || many) parts.push([slope(target, source), ...whole].join(""));
    if (rule && rule !== num(number)) parts.push([named(rule), ...whole].join(""));
    if (target !== root) parts.push(factor(number) + mo("·") + factor(target.grad));
    const math = [equation([...parts, result(contribution)])];
    const way = path(target);
    if (!many && way && way.length > 1) {
      const chain = [edge, ...way];
      math.push(equation([slope(root, source), chain.map((e) => slope(e.target, e.source)).join(mo("·")),
        chain.map((e) => factor(e.number)).join(mo("·")), result(contribution)]));
    }
    if (many) {
      const terms = arrivals.slice(0, turn).map((t) => steps[t].edge.contribution);
      const shown = terms.length > 5 ? [...terms.slice(0, 2), "…", terms.at(-1)] : terms;
      const done = turn === arrivals.length;
      const left = done ? slope(root, source) : `<mrow>${slope(root, source)}<mtext>&nbsp;so far</mtext></mrow>`;
      math.push(equation([left, ...(turn > 1 ? [sum_of(shown)] : []), result(sum)]));
    }
    return [words, math.join("")];
  }

  // ---- the picture at one step -------------------------------------------------------------------------------------
  let at = -1, timer = 0;

  function show(s, scroll = true) {
    s = Math.max(0, Math.min(last, s));
    if (s === at) return;
    at = s;
    const step = steps[s];
    const grads = nodes.map(() => ""), reached = edges.map(() => false), known = nodes.map((node) => node.leaf);
    for (let k = 0; k <= s; k++) {
      const { phase, node, edge } = steps[k];
      if (phase === "forward") known[node.index] = true;
      else if (edge) { grads[edge.source.index] = edge.sum; reached[edge.index] = true; }
      else if (phase === "backward") grads[root.index] = "1";
    }
    const onPath = new Set(); // what the arriving gradient has come through
    const stack = step.edge ? [step.edge.target] : [];
    while (stack.length) {
      for (const edge of outgoing[stack.pop().index]) {
        if (!onPath.has(edge)) { onPath.add(edge); stack.push(edge.target); }
      }
    }
    nodes.forEach((node, k) => {
      const { group, value, grad } = shapes[k];
      value.textContent = node.value;
      value.classList.toggle("off", !known[k]);
      grad.textContent = grads[k] || node.grad;
      grad.classList.toggle("off", !grads[k]);
      group.classList.toggle("now", node === (step.edge ? step.edge.source : step.node));
      group.setAttribute("aria-label", `${node.name}: value ${known[k] ? node.value : "not computed yet"}, ` +
        `gradient ∂${root.name}/∂${node.name} ${grads[k] || "not computed yet"}`);
    });
    edges.forEach((edge, k) => {
      const { line, label } = lines[k], now = edge === step.edge;
      for (const shape of [line, label]) {
        if (!shape) continue;
        shape.classList.toggle("now", now);
        shape.classList.toggle("path", onPath.has(edge));
      }
      if (!label) return;
      label.classList.toggle("off", !reached[k]);
      label.classList.toggle("past", reached[k] && !now && !onPath.has(edge) && s < last);
    });
    const [words, math] = told(s);
    $("words").textContent = words;
    $("math").innerHTML = math;
    $("slider").value = s + 1;
    $("slider").setAttribute("aria-valuetext", `step ${s + 1} of ${last + 1}, ${step.phase}: ${words}`);
    $("count").textContent = `${s + 1} / ${last + 1}`;
    $("phase").textContent = $("phase").className = step.phase;
    try { history.replaceState(null, "", `#step=${s + 1}`); } catch { /* a frame without an address */ }
    if (scroll) follow(step.edge ? step.edge.source : step.node);
  }

  function follow(node) { // keep the active card in sight, without moving the page
    const stage = $("stage");
    if (!node || (stage.scrollWidth <= stage.clientWidth && stage.scrollHeight <= stage.clientHeight)) return;
    const card = shapes[node.index].group.getBoundingClientRect(), frame = stage.getBoundingClientRect();
    if (card.left < frame.left || card.right > frame.right) stage.scrollLeft += card.left - frame.left - frame.width / 2;
    if (card.top < frame.top || card.bottom > frame.bottom) stage.scrollTop += card.top - frame.top - frame.height / 2;
  }

  function play(on = !timer) {
    clearInterval(timer);
    timer = 0;
    if (on) {
      if (at === last) show(0);
      timer = setInterval(() => at < last ? show(at + 1) : play(false), 1100);
    }
    $("play").textContent = on ? "❚❚" : "▶";
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
  }

  const go = (s) => { play(false); show(s); };
  const visit = (k) => go(visits[k].find((s) => s > at) ?? visits[k][0] ?? 0);
  $("slider").max = last + 1;
  $("slider").addEventListener("input", (event) => go(event.target.value - 1));
  const moves = { first: () => go(0), back: () => go(at - 1), play: () => play(), next: () => go(at + 1), last: () => go(last) };
  for (const [id, move] of Object.entries(moves)) $(id).addEventListener("click", move);

  function theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  }
  $("theme").addEventListener("click", theme);

  const keys = { ArrowRight: moves.next, ArrowLeft: moves.back, ArrowUp: moves.back, ArrowDown: moves.next,
    Home: moves.first, End: moves.last, d: theme };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const card = event.target.closest?.(".card"), button = event.target.closest?.("button");
    if (card && (event.key === "Enter" || event.key === " ")) visit(+card.id.slice(1));
    else if (event.key === " " && !button) play();
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  });

  nodes.forEach((node, k) => {
    const group = shapes[k].group, svg = group.ownerSVGElement;
    const near = [group, ...edges.filter((e) => e.source === node || e.target === node).flatMap((e) =>
      [lines[e.index].line, lines[e.index].label, shapes[e.source.index].group, shapes[e.target.index].group])];
    const hover = (on) => {
      svg.classList.toggle("hover", on);
      for (const shape of near) shape?.classList.toggle("near", on);
    };
    group.addEventListener("click", () => visit(k));
    group.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && hover(true));
    group.addEventListener("pointerleave", () => hover(false));
  });

  const linked = () => (Number(/step=(\d+)/.exec(location.hash)?.[1]) || 1) - 1;
  addEventListener("hashchange", () => go(linked()));
  let printed = 0;
  addEventListener("beforeprint", () => { printed = at; show(last, false); });
  addEventListener("afterprint", () => show(printed, false));
  show(linked());
})();
