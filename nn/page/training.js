// Shows the film of a training, frame by frame: film.cells has a byte for every point of the grid in every frame.
const count = film.epochs.length, last = count - 1, several = film.classes > 2;
const cells = Uint8Array.from(atob(film.cells), (c) => c.charCodeAt(0)), size = cells.length / count;
const side = film.extent.length === 2 ? Math.round(Math.sqrt(size)) : size;
let at = 0;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
const mix = (p, q, t) => p.map((x, k) => x + (q[k] - x) * t);
const css = (c) => `rgb(${c.map(Math.round)})`;
const format = (x) => String(+x.toPrecision(4)).replace("-", "−").replace("e+", "e");
const below = (text) => String(text).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);
const above = (text) => String(text).replace(/[\d()]/g, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾"["0123456789()".indexOf(d)]);

// ---- what the model says of each input ---------------------------------------------------------------------------
const hues = ["#ea580c", "#2563eb", "#16a34a", "#9333ea", "#ca8a04", "#0891b2", "#db2777", "#475569"];
function palette() {
  const two = [colour("negative"), colour("positive")].map(rgb);
  return { paper: rgb(colour("paper")), ink: colour("ink"), of: several ? hues.map(rgb) : two };
}
function shade(byte, { paper, of }) { // a cell's colour: its class, the fainter the nearer another is
  if (several) return mix(paper, of[byte >> 5], 0.15 + 0.5 * (byte & 31) / 31);
  const logit = (2 * byte / 255 - 1) * film.farthest, t = film.farthest ? 2 / (1 + Math.exp(-logit)) - 1 : 2 * byte / 255 - 1;
  return mix(paper, of[t > 0 ? 1 : 0], 0.65 * Math.abs(t));
}
const canvas = $("plane"), brush = canvas.getContext("2d"), wide = canvas.width, high = canvas.height;
const across = (x) => (x - film.extent[0][0]) / (film.extent[0][1] - film.extent[0][0]) * wide;
const upward = (y, [low, top]) => high - (y - low) / (top - low) * high;

function dot(x, y, target, { of, paper }) {
  brush.beginPath();
  brush.arc(x, y, 9, 0, 7);
  brush.fillStyle = css(several ? of[target] : mix(of[0], of[1], target));
  brush.fill();
  brush.lineWidth = 3;
  brush.strokeStyle = css(paper);
  brush.stroke();
}

function plane(field, colours) {
  const small = new OffscreenCanvas(side, side), pen = small.getContext("2d"), image = pen.createImageData(side, side);
  field.forEach((byte, k) => { // the first row is the lowest
    const [r, g, b] = shade(byte, colours), row = side - 1 - Math.floor(k / side);
    image.data.set([r, g, b, 255], 4 * (row * side + k % side));
  });
  pen.putImageData(image, 0, 0);
  brush.imageSmoothingEnabled = !several;
  const step = wide / (side - 1); // a point of the grid is the middle of its cell
  brush.drawImage(small, -step / 2, -step / 2, side * step, side * step);
  if (film.classes === 2) boundary(field, step, colours);
  for (const [x, y, target] of film.points) dot(across(x), upward(y, film.extent[1]), target, colours);
}

function boundary(field, step, { ink }) { // where the outputs cross ½: straight through each square of the grid
  const level = (x, y) => field[y * side + x] - 127.5;
  brush.beginPath();
  for (let y = 0; y < side - 1; y++) for (let x = 0; x < side - 1; x++) {
    const corners = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]], met = [];
    corners.forEach((p, k) => {
      const q = corners[(k + 1) % 4], a = level(...p), b = level(...q);
      if (a > 0 !== b > 0) met.push(p.map((c, i) => (c + (q[i] - c) * a / (a - b)) * step));
    });
    for (let k = 0; k + 1 < met.length; k += 2) {
      brush.moveTo(met[k][0], high - met[k][1]);
      brush.lineTo(met[k + 1][0], high - met[k + 1][1]);
    }
  }
  brush.lineWidth = 4;
  brush.strokeStyle = ink;
  brush.stroke();
}

function line(field, colours) { // one input: the output as a curve, to a tenth beyond 0 and 1, as the bytes are
  const range = [-0.1, 1.1], step = wide / (side - 1);
  field.forEach((byte, k) => {
    brush.fillStyle = css(mix(colours.paper, shade(byte, colours), 0.5));
    brush.fillRect((k - 0.5) * step, 0, step + 1, high);
  });
  brush.lineWidth = 5;
  brush.strokeStyle = colours.ink;
  brush.beginPath();
  if (!several) field.forEach((byte, k) => brush.lineTo(k * step, high * (1 - byte / 255)));
  brush.stroke();
  if (film.classes === 2) field.forEach((byte, k) => { // where it crosses ½
    if (!k || byte > 127.5 === field[k - 1] > 127.5) return;
    const x = (k - 1 + (127.5 - field[k - 1]) / (byte - field[k - 1])) * step;
    brush.setLineDash([10, 8]);
    brush.beginPath();
    brush.moveTo(x, 0);
    brush.lineTo(x, high);
    brush.stroke();
    brush.setLineDash([]);
  });
  for (const [x, target] of film.points) dot(across(x), upward(several ? 0.5 : target, range), target, colours);
}

function map() {
  if (!size) return;
  const field = cells.subarray(at * size, (at + 1) * size), colours = palette();
  brush.clearRect(0, 0, wide, high);
  (film.extent.length === 2 ? plane : line)(field, colours);
  canvas.setAttribute("aria-label", `what the network says of each ${film.inputs.join(", ")} after epoch ${film.epochs[at]}`);
}

// ---- the network: a line for every weight, a ring for every bias ---------------------------------------------------
const drawn = []; // [element, place among the frame's weights, name]
const make = (kind, attributes, parent) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
};
function network() {
  const { sizes } = film, tallest = Math.max(...sizes), gap = Math.max(18, Math.min(64, 420 / tallest)), radius = Math.min(14, gap * 0.36);
  const names = sizes[0] === film.inputs.length ? film.inputs.map((name) => name.length > 16 ? name.slice(0, 15) + "…" : name) : [];
  const left = 24 + 7 * Math.max(3, ...names.map((name) => name.length)), width = left + 30 + 150 * (sizes.length - 1), height = gap * tallest + 30;
  $("network").setAttribute("viewBox", `0 0 ${width} ${height}`);
  const place = (l, j) => [left + 150 * l, height / 2 + gap * (j - (sizes[l] - 1) / 2)];
  const rings = [];
  let k = 0;
  for (let l = 1; l < sizes.length; l++) for (let j = 0; j < sizes[l]; j++) {
    const index = (i) => below(sizes[l - 1] > 9 || sizes[l] > 9 ? `${j + 1},${i + 1}` : `${j + 1}${i + 1}`);
    for (let i = 0; i < sizes[l - 1]; i++) {
      const [x, y] = place(l - 1, i), [u, v] = place(l, j), middle = (x + u) / 2;
      const path = make("path", { d: `M${x} ${y}C${middle} ${y} ${middle} ${v} ${u} ${v}` }, $("network"));
      drawn.push([path, k++, `w${index(i)}${above(`(${l})`)}`]);
    }
    rings.push([l, j, k++]);
  }
  for (let i = 0; i < sizes[0]; i++) rings.push([0, i, -1]);
  for (const [l, j, k] of rings) {
    const [cx, cy] = place(l, j), ring = make("circle", { cx, cy, r: radius, stroke: "currentColor" }, $("network"));
    if (k >= 0) drawn.push([ring, k, `b${below(j + 1)}${above(`(${l})`)}`]);
    else make("text", { x: cx - radius - 5, y: cy + 4 }, $("network")).textContent = names[j] ?? "";
  }
  for (const [element, , name] of drawn) {
    make("title", {}, element);
    element.addEventListener("pointerenter", () => said(name, element.dataset.value));
    element.addEventListener("pointerleave", () => said());
  }
}
const largest = Math.max(1e-9, ...film.weights.map((frame) => Math.max(...frame.map(Math.abs))));
function weights() {
  for (const [element, k, name] of drawn) {
    const w = film.weights[at][k], share = Math.sqrt(Math.abs(w) / largest);
    element.setAttribute("class", w < 0 ? "negative" : "positive");
    if (element.tagName === "path") {
      element.style.strokeWidth = (0.5 + 6 * share).toFixed(2);
      element.style.strokeOpacity = (0.25 + 0.7 * share).toFixed(2);
    }
    element.dataset.value = format(w);
    element.firstElementChild.textContent = `${name} = ${format(w)}`;
  }
}

// ---- cost and accuracy ---------------------------------------------------------------------------------------------
const charts = [["cost", film.cost, Math.min(0, ...film.cost), Math.max(0, ...film.cost), format], ["accuracy", film.accuracy, 0, 1, (x) => format(100 * x) + " %"]]
  .filter(([, values]) => values).map(([name, values, low, top, text]) => {
    const svg = $(name), x = (k) => 8 + 284 * film.epochs[k] / (film.epochs[last] || 1), y = (v) => 118 - 92 * (v - low) / (top - low || 1);
    svg.setAttribute("viewBox", "0 0 300 140");
    make("line", { x1: 8, x2: 292, y1: y(0), y2: y(0) }, svg);
    make("polyline", { points: values.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }, svg);
    make("text", { x: 8, y: 14 }, svg).textContent = name;
    make("text", { x: 292, y: 134, "text-anchor": "end" }, svg).textContent = `epoch ${film.epochs[last]}`;
    return { svg, name, values, text, x, y, mark: make("circle", { r: 5 }, svg), now: make("text", { x: 292, y: 14, "text-anchor": "end", class: "now" }, svg) };
  });
$("accuracy").toggleAttribute("hidden", !film.accuracy);
function curves() {
  for (const { svg, name, values, text, x, y, mark, now } of charts) {
    mark.setAttribute("cx", x(at));
    mark.setAttribute("cy", y(values[at]));
    now.textContent = text(values[at]);
    svg.setAttribute("aria-label", `${name} after epoch ${film.epochs[at]}: ${text(values[at])}`);
  }
}

// ---- play, scrub, keys -----------------------------------------------------------------------------------------------
function said(name, value) {
  const right = film.accuracy ? `, accuracy ${format(100 * film.accuracy[at])} %` : "";
  $("said").textContent = `epoch ${film.epochs[at]}: cost ${format(film.cost[at])}${right}${name ? `; ${name} = ${value}` : ""}`;
}
function show(k) {
  at = Math.max(0, Math.min(last, k));
  map();
  weights();
  curves();
  said();
  $("slider").value = at;
  $("slider").setAttribute("aria-valuetext", $("said").textContent);
  try { history.replaceState(null, "", "#frame=" + at); } catch { /* a frame without an address */ }
}
const pace = 120, taken = () => false;
Object.assign(keys, { ArrowUp: moves.next, ArrowDown: moves.back });
$("slider").max = last;
$("theme").addEventListener("click", map);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", map);

$("map").hidden = !size;
$("net").hidden = !film.sizes.length;
if (size) {
  const [[low, high]] = film.ends, [along, up] = film.inputs, axis = (name, ends) => `${name} ${ends.join(" … ")}`;
  const said = up ? [axis(along + " →", film.ends[0]), "", axis(up + " ↑", film.ends[1])] : [low, along + " →", high];
  ["low", "axes", "high"].forEach((id, k) => $(id).textContent = said[k]);
  film.targets.forEach((name, k) => {
    const entry = $("legend").appendChild(document.createElement("span"));
    entry.textContent = name;
    entry.style.setProperty("--hue", several ? hues[k] : `var(--${["negative", "positive"][k]})`);
  });
}
if (film.sizes.length) network();
const linked = () => Number(/frame=(\d+)/.exec(location.hash)?.[1]) || 0;
addEventListener("hashchange", () => go(linked()));
show(linked());
