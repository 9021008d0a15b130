// Leaves that can be dragged, and descent.
const used = (leaf) => Math.min(...outgoing[leaf.index].map(({ target }) => target.index));
const leaves = live ? nodes.filter((node) => node.leaf).sort((p, q) => used(p) - used(q)) : []; // in the order of the forward pass
const first = data.slice();
const controls = new Map(), few = leaves.length <= 40; // of more, the one that is dragged is checked
const costs = [];

function refresh(active) {
  for (const [node, { slider, value, grad, check }] of controls) {
    if (node !== active) slider.value = data[node.at];
    value.textContent = format(data[node.at]);
    grad.textContent = format(node.grad);
    check.textContent = few || node === active ? format(difference(node)) : "";
  }
  document.querySelector(".head .fd").textContent = few || active ? "difference" : "";
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
  cost_curve();
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
  cost_curve();
  changed();
}
function cost_curve() {
  const most = Math.max(...costs), least = Math.min(...costs, 0), wide = Math.max(costs.length - 1, 1);
  const points = costs.map((cost, k) => `${(240 * k / wide).toFixed(1)},${(56 - 52 * (cost - least) / (most - least || 1)).toFixed(1)}`);
  $("curve").firstElementChild.setAttribute("points", points.join(" "));
  $("costs").textContent = costs.length ? `${root.name}: ${format(costs[0])} → ${format(costs.at(-1))} after ${costs.length - 1} step${costs.length === 2 ? "" : "s"}` : "";
}
function address() { // the step, what was opened, and what was dragged
  const moved = leaves.filter((node) => data[node.at] !== first[node.at]).map((node) => `&${encodeURIComponent(node.name)}=${data[node.at]}`);
  const opened = toggled ? "&open=" + modules.filter((module) => module.opened).map((module) => module.index) : "";
  return `#step=${at + 1}${opened}${moved.join("")}`;
}
function restore() {
  const said = new URLSearchParams(location.hash.slice(1)), opened = said.get("open")?.split(",");
  if (opened && modules.length) {
    for (const module of modules) module.opened = opened.includes(String(module.index));
    toggled = true;
    arrange();
  }
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
