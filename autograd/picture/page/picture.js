// The picture as it stands at one step.
let at = -1;

function show(s, scroll = true, again = false) {
  s = Math.max(0, Math.min(last, s));
  if (s === at && !again) return;
  at = s;
  const step = steps[s];
  const active = step.edge ? step.edge.source : step.node;
  const whole_grad = nodes.map((node, k) => node === root ? s >= seed : into[k].every((t) => t <= s));
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
    const { group, value, grad, name, symbol } = shapes[k], so_far = grads[k] && !whole_grad[k];
    value.textContent = format(node.value);
    value.classList.toggle("off", !known[k]);
    grad.textContent = grads[k] || format(node.grad);
    grad.classList.toggle("off", !grads[k]);
    name.innerHTML = so_far ? "so far" : symbol; // a sum of some contributions is no ∂C/∂·
    group.classList.toggle("now", node === active);
    group.setAttribute("aria-label", `${node.name}: value ${known[k] ? format(node.value) : "not computed yet"}, ` +
      `gradient ∂${root.name}/∂${node.name} ${so_far ? "so far " : ""}${grads[k] || "not computed yet"}`);
  });
  for (const { card } of modules) card.classList.toggle("now", active !== undefined && standing(active) === card);
  fill(known, whole_grad, step);
  const largest = Math.max(...edges.filter((e) => plain(e.index)).map((e) => Math.abs(e.number) || 0), 1e-300);
  edges.forEach((edge, k) => {
    const { line, label, number } = lines[k], now = edge === step.edge;
    if (number) number.textContent = "= " + format(edge.number);
    if (plain(k)) bare(edge, line, reached[k], largest, onPath);
    else if (line.style.strokeWidth) unbare(line);
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
  for (const side of $("math").querySelectorAll("math")) if (side.getBoundingClientRect().width > $("math").clientWidth) break_up(side);
  $("slider").value = s + 1;
  $("slider").setAttribute("aria-valuetext", `step ${s + 1} of ${last + 1}, ${step.phase}: ${words}`);
  $("count").textContent = `${s + 1} / ${last + 1}`;
  $("phase").textContent = $("phase").className = step.phase;
  try { history.replaceState(null, "", address()); } catch { /* a frame without an address */ }
  if (scroll) follow(active);
}

// A side of an equation that is too wide becomes several, which wrap: broken before + and −, and before · if it has none.
function break_up(side) {
  const [row] = side.children, last = row.lastElementChild, parts = [[]];
  const terms = [...[...row.children].slice(0, -1), ...(last.tagName === "mrow" ? last.children : [last])];
  const signs = terms.slice(1).some((term) => "+−".includes(term.textContent)) ? "+−" : "·";
  terms.forEach((term, k) => {
    if (k && term.tagName === "mo" && signs.includes(term.textContent)) parts.push([]);
    parts.at(-1).push(term.outerHTML);
  });
  side.outerHTML = parts.map((part) => `<math displaystyle="true"><mrow>${part.join("")}</mrow></math>`).join(" ");
}

const plain = (k) => !lines[k].label || layout !== layouts[0];

// An edge without a label: its colour is the sign, its width the size, its number in the title.
function bare(edge, line, known, largest, onPath) {
  line.classList.toggle("positive", known && edge.number > 0);
  line.classList.toggle("negative", known && edge.number < 0);
  const tip = line.firstElementChild ?? line.appendChild(document.createElementNS(line.namespaceURI, "title"));
  tip.textContent = `∂${edge.target.name}/∂${edge.source.name}${edge.held && " (others held)"} = ${known ? format(edge.number) : "not computed yet"}`;
  const larger = ({ edge: other }) => Math.abs(other.number) > Math.abs(edge.number) && (onPath.has(other) || !onPath.has(edge));
  line.classList.toggle("under", known && (lines[edge.index].alike ?? []).some(larger)); // of those on one way
  line.style.strokeWidth = known ? (0.8 + 4 * Math.sqrt(Math.min(1, Math.abs(edge.number) / largest) || 0)).toFixed(1) : "";
}
function unbare(line) {
  line.classList.remove("positive", "negative");
  line.style.strokeWidth = "";
}
