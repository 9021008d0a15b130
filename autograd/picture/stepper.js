// Tells the story in the page: what is known after each step, and how the newest number came about.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
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

  function format(x) { // four digits, as Python's .4g
    if (x !== x) return "nan";
    if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
    const [mantissa, exponent] = x.toExponential(3).split("e");
    const short = (text) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    const text = +exponent < -4 || +exponent >= 4 ? short(mantissa) + "e" + +exponent : short(x.toPrecision(4));
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
    return { group, value: group.querySelector(".v"), grad: group.querySelector(".d") };
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
      if (node.formula.includes("{") && !node.stale) parts.push(filled(node.formula, (operand) => factor(format(operand.value))));
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
      const found = arrivals.slice(0, turn).map((t) => contribution(steps[t].edge)), terms = found.map(format);
      const few = terms.length > 5 ? [...terms.slice(0, 2), "…", terms.at(-1)] : terms;
      const done = turn === arrivals.length, sum = format(found.reduce((x, y) => x + y, 0));
      const left = done ? slope(root, source) : `<mrow>${slope(root, source)}<mtext>&nbsp;so far</mtext></mrow>`;
      math.push(equation([left, ...(turn > 1 ? [sum_of(few)] : []), result(sum)]));
    }
    return [words, math.join("")];
  }

  // ---- the picture at one step -------------------------------------------------------------------------------------
  let at = -1, timer = 0;

  function show(s, scroll = true, again = false) {
    s = Math.max(0, Math.min(last, s));
    if (s === at && !again) return;
    at = s;
    const step = steps[s];
    const grads = nodes.map(() => ""), sums = nodes.map(() => 0), reached = edges.map(() => false), known = nodes.map((node) => node.leaf);
    for (let k = 0; k <= s; k++) {
      const { phase, node, edge } = steps[k];
      if (phase === "forward") known[node.index] = true;
      else if (edge) { sums[edge.source.index] += contribution(edge); reached[edge.index] = true; }
      else if (phase === "backward") grads[root.index] = "1";
      if (edge) grads[edge.source.index] = format(sums[edge.source.index]);
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
      value.textContent = format(node.value);
      value.classList.toggle("off", !known[k]);
      grad.textContent = grads[k] || format(node.grad);
      grad.classList.toggle("off", !grads[k]);
      group.classList.toggle("now", node === (step.edge ? step.edge.source : step.node));
      group.setAttribute("aria-label", `${node.name}: value ${known[k] ? format(node.value) : "not computed yet"}, ` +
        `gradient ∂${root.name}/∂${node.name} ${grads[k] || "not computed yet"}`);
    });
    edges.forEach((edge, k) => {
      const { line, label, number } = lines[k], now = edge === step.edge;
      if (number) number.textContent = "= " + format(edge.number);
      if (!label) bare(edge, line, reached[k]);
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
    try { history.replaceState(null, "", address()); } catch { /* a frame without an address */ }
    if (scroll) follow(step.edge ? step.edge.source : step.node);
  }

  // An edge without a label: its colour is the sign, its width the size, its number in the title.
  function bare(edge, line, known) {
    const largest = Math.max(...edges.filter((e) => !lines[e.index].label).map((e) => Math.abs(e.number) || 0), 1e-300);
    line.classList.toggle("positive", known && edge.number > 0);
    line.classList.toggle("negative", known && edge.number < 0);
    line.style.strokeWidth = known ? (0.8 + 4 * Math.sqrt(Math.min(1, Math.abs(edge.number) / largest) || 0)).toFixed(1) : "";
  }

  // ---- pan, zoom, fit, search --------------------------------------------------------------------------------------
  const stage = $("stage"), picture = $("picture");
  const [, , whole_width, whole_height] = picture.getAttribute("viewBox").split(" ").map(Number);
  let view = { x: 0, y: 0, width: whole_width, height: whole_height }, scale = 1, chosen = false;

  function look(x, y, pixels) { // the middle of the view, and pixels per unit
    scale = pixels;
    const width = stage.clientWidth / scale, height = stage.clientHeight / scale;
    const kept = (middle, size, whole) => size >= whole ? (whole - size) / 2 : Math.max(0, Math.min(whole - size, middle - size / 2));
    view = { x: kept(x, width, whole_width), y: kept(y, height, whole_height), width, height };
    picture.setAttribute("viewBox", [view.x, view.y, view.width, view.height].map((n) => n.toFixed(1)).join(" "));
  }
  const fitting = () => Math.min(stage.clientWidth / whole_width, stage.clientHeight / whole_height);
  const fit = (least = 0) => look(0, whole_height / 2, Math.max(Math.min(fitting(), 1.3), least));
  const legible = () => { fit(innerWidth < 500 ? 0.62 : 0.5); follow(at === last ? root : steps[Math.max(at, 0)].edge?.source ?? steps[Math.max(at, 0)].node); };
  const zoom = (by) => (chosen = true, look(view.x + view.width / 2, view.y + view.height / 2, Math.max(0.02, Math.min(8, scale * by))));
  const pan = (dx, dy) => look(view.x + view.width / 2 - dx / scale, view.y + view.height / 2 - dy / scale, scale);

  function place(node) {
    const { e, f } = shapes[node.index].group.transform.baseVal[0].matrix, body = shapes[node.index].group.querySelector(".body");
    return { x: e, y: f, width: +body.getAttribute("width"), height: +body.getAttribute("height") };
  }
  function follow(node) { // keep the active card in sight
    if (!node) return;
    const { x, y, width, height } = place(node);
    if (x >= view.x && y >= view.y && x + width <= view.x + view.width && y + height <= view.y + view.height) return;
    look(x + width / 2, y + height / 2, scale);
  }
  function search() {
    const wanted = $("search").value.trim().toLowerCase();
    const plain = (node) => node.name.toLowerCase().normalize("NFKC");
    const found = wanted ? nodes.filter((node) => plain(node).startsWith(wanted.normalize("NFKC").replaceAll("_", ""))) : [];
    nodes.forEach((node, k) => shapes[k].group.classList.toggle("found", found.includes(node)));
    follow(found[0]);
  }
  $("search").addEventListener("input", search);
  $("fit").addEventListener("click", () => fit());
  $("in").addEventListener("click", () => zoom(1.4));
  $("out").addEventListener("click", () => zoom(1 / 1.4));
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && fitting() >= scale) return;
    event.preventDefault();
    if (event.ctrlKey) zoom(Math.exp(-event.deltaY / 300));
    else pan(-event.deltaX, -event.deltaY);
  }, { passive: false });

  // ---- leaves that can be dragged ----------------------------------------------------------------------------------
  const leaves = live ? nodes.filter((node) => node.leaf) : [];
  const first = data.slice();
  const controls = new Map();
  const costs = [];

  function refresh(active) {
    for (const [node, { slider, value, grad, check }] of controls) {
      if (node !== active) slider.value = data[node.at];
      value.textContent = format(data[node.at]);
      grad.textContent = format(node.grad);
      check.textContent = leaves.length <= 40 || node === active ? format(difference(node)) : "";
    }
  }
  function changed(active) {
    compute();
    refresh(active);
    if (at >= 0) show(at, false, true);
  }
  function set(node, x) {
    data[node.at] = x;
    changed(node);
  }
  function reset() {
    engine.code.forEach((line, i) => { if (!line) data[i] = first[i]; });
    costs.length = 0;
    curve();
    for (const node of controls.keys()) range(node);
    changed();
  }
  function range(node) {
    const { slider } = controls.get(node), x = first[node.at], reach = 2 * Math.max(1, Math.abs(x) || 0);
    Object.assign(slider, { min: x - reach, max: x + reach, step: reach / 200, value: data[node.at] });
  }
  function descend(times) {
    const rate = +$("rate").value, moving = leaves.some((node) => node.kind) ? leaves.filter((node) => node.kind) : leaves;
    for (let k = 0; k < times; k++) {
      if (!costs.length) costs.push(root.value);
      for (const node of moving) data[node.at] -= rate * node.grad;
      compute();
      costs.push(root.value);
    }
    curve();
    changed();
  }
  function curve() {
    const most = Math.max(...costs), least = Math.min(...costs, 0), wide = Math.max(costs.length - 1, 1);
    const points = costs.map((cost, k) => `${(240 * k / wide).toFixed(1)},${(56 - 52 * (cost - least) / (most - least || 1)).toFixed(1)}`);
    $("curve").firstElementChild.setAttribute("points", points.join(" "));
    $("costs").textContent = costs.length ? `${root.name}: ${format(costs[0])} → ${format(costs.at(-1))} after ${costs.length - 1} steps` : "";
  }
  function address() { // the step, and what was dragged
    const moved = leaves.filter((node) => data[node.at] !== first[node.at]).map((node) => `&${encodeURIComponent(node.name)}=${data[node.at]}`);
    return `#step=${at + 1}${moved.join("")}`;
  }
  function restore() {
    const said = new URLSearchParams(location.hash.slice(1));
    let moved = false;
    for (const node of leaves) {
      if (!said.has(node.name) || !Number.isFinite(+said.get(node.name))) continue;
      data[node.at] = +said.get(node.name);
      moved = true;
    }
    if (moved) changed();
  }
  for (const node of leaves) {
    node.kind = shapes[node.index].group.classList.contains("parameter");
    const line = document.createElement("label");
    line.innerHTML = `<math>${node.math}</math><input type="range" aria-label="drag"><output class="v"></output><output class="d"></output><output class="fd"></output>`;
    const [, slider, value, grad, check] = line.children;
    slider.setAttribute("aria-label", node.name);
    slider.addEventListener("input", () => set(node, +slider.value));
    controls.set(node, { slider, value, grad, check });
    range(node);
    $("sliders").append(line);
    shapes[node.index].group.classList.add("leaf");
  }
  $("leaves").hidden = !live;
  $("reset").addEventListener("click", reset);
  $("descend").addEventListener("click", () => descend(1));
  $("descend-more").addEventListener("click", () => descend(100));

  stage.addEventListener("pointerdown", (event) => { // a leaf is dragged sideways, anything else moves the picture
    const card = event.target.closest(".leaf"), node = card && nodes[+card.id.slice(1)];
    const start = { x: event.clientX, y: event.clientY }, from = node && data[node.at];
    if (event.button) return;
    let moved = false;
    const move = (to) => {
      moved ||= Math.abs(to.clientX - start.x) + Math.abs(to.clientY - start.y) > 4;
      if (!moved) return;
      if (node) set(node, from + (to.clientX - start.x) / 100 * Math.max(1, Math.abs(from)));
      else { pan(to.clientX - start.x, to.clientY - start.y); start.x = to.clientX; start.y = to.clientY; }
    };
    const done = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", done);
      if (!moved) return;
      const swallow = (click) => click.stopPropagation();
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, true), 0);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", done);
  });

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

  const find = () => $("search").focus();
  const keys = { "+": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: () => fit(), r: () => live && reset(), "/": find,
    ArrowRight: moves.next, ArrowLeft: moves.back, ArrowUp: moves.back, ArrowDown: moves.next,
    Home: moves.first, End: moves.last, d: theme };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const card = event.target.closest?.(".card"), button = event.target.closest?.("button");
    if (event.target.id === "search") { if (event.key === "Escape") event.target.blur(); return; }
    if (event.target.closest?.("#leaves") && !button) return;
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
  addEventListener("hashchange", () => { restore(); play(false); show(linked(), true, true); });
  let printed = 0;
  addEventListener("beforeprint", () => { printed = at; show(last, false); });
  addEventListener("afterprint", () => show(printed, false));
  addEventListener("resize", () => chosen ? look(view.x + view.width / 2, view.y + view.height / 2, scale) : legible());
  restore();
  if (live) refresh();
  show(linked());
  legible();
})();
