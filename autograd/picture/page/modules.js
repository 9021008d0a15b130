// Modules: each a card of its own or, opened, a frame around the cards within it; what is beyond a frame makes room.
const flow = ({ x, y, width, height }) => story.down // along and across it, from the operands to the output
  ? { a: y, c: x, along: height, across: width } : { a: x, c: y, along: width, across: height };
const sized = (shape) => ({ width: +shape.getAttribute("width"), height: +shape.getAttribute("height") });

function boxed(card) { // where a card's shape stands
  const { e, f } = card.transform.baseVal[0].matrix;
  return { x: e, y: f, ...sized(card.querySelector(".body")) };
}

const modules = (story.modules ?? []).map((rows, index) => {
  const card = $("m" + index), numbers = (css) => [...card.querySelectorAll(css)].slice(1); // after the head's
  return { index, rows, card, opened: false, floor: $("f" + index), inside: $("o" + index), bar: $("b" + index),
    values: numbers(".v"), grads: numbers(".d") };
});
nodes.forEach((node, k) => { node.module = modules[story.within?.[k] ?? -1]; });
const standing = (node) => node.module && !node.module.opened ? node.module.card : shapes[node.index].group;
const between = modules.length ? edges.filter((edge) => !edge.target.module || edge.source.module !== edge.target.module) : [];

// What stands on its own, where it stands while all is closed, and the columns of that.
const lone = nodes.filter((node) => !node.module).map((node) => ({ card: shapes[node.index].group }));
const places = modules.length ? [...modules, ...lone] : [];
const columns = [];
for (const place of places) {
  place.rest = flow(boxed(place.card));
  const { a, along } = place.rest, middle = a + along / 2;
  let column = columns.find((other) => Math.abs(other.middle - middle) < 2);
  if (!column) columns.push(column = { middle, start: Infinity, end: -Infinity, places: [] });
  Object.assign(column, { start: Math.min(column.start, a), end: Math.max(column.end, a + along) });
  column.places.push(place);
}
columns.sort((p, q) => p.start - q.start);
for (const column of columns) column.places.sort((p, q) => p.rest.c - q.rest.c);

// A smooth curve through points (along, across) that never swings past one, as svg.py's.
function curve(points) {
  const at = (a, c) => story.down ? `${c.toFixed(0)} ${a.toFixed(0)}` : `${a.toFixed(0)} ${c.toFixed(0)}`;
  points = [...points.slice(0, -1), [points.at(-1)[0] - 8, points.at(-1)[1]]];
  const rise = points.slice(1).map(([a, c], k) => (c - points[k][1]) / Math.max(a - points[k][0], 1));
  const slopes = points.map((_, k) => k && rise[k] * rise[k - 1] > 0 ? 2 * rise[k] * rise[k - 1] / (rise[k] + rise[k - 1]) : 0);
  return "M" + at(...points[0]) + points.slice(1).map(([a, c], k) => {
    const [b, d] = points[k], flat = slopes[k] === 0 && slopes[k + 1] === 0, third = Math.max(a - b, 24) * (flat ? 0.5 : 0.38);
    return `C${at(b + third, d + slopes[k] * third)} ${at(a - third, c - slopes[k + 1] * third)} ${at(a, c)}`;
  }).join("");
}

function arrange() { // everything where it belongs, with these modules open
  let shift = 0;
  for (const column of columns) {
    for (const place of column.places) {
      const { along, across } = place.rest, open = place.opened ? flow({ x: 0, y: 0, ...sized(place.floor) }) : { along, across };
      Object.assign(place, { along: open.along, across: open.across, growth: Math.max(0, open.across - across) });
    }
    column.length = Math.max(column.end - column.start, ...column.places.map((place) => place.along));
    column.shift = shift;
    column.growth = column.places.reduce((sum, place) => sum + place.growth, 0);
    shift += column.length - (column.end - column.start);
  }
  const offset = Math.max(0, ...columns.map((column) => column.growth)) / 2;
  for (const column of columns) {
    let above = offset - column.growth / 2;
    const middle = column.start + column.shift + column.length / 2;
    for (const place of column.places) {
      place.a = middle - place.along / 2;
      Object.assign(place, { starts: middle - column.length / 2, ends: middle + column.length / 2 });
      place.c = place.rest.c + above + Math.max(0, place.rest.across - place.across) / 2;
      above += place.growth;
      move(place);
    }
  }
  const moved = ([a, c]) => { // a bend between the columns, or among the cards of one
    const column = columns.findLast(({ start }) => start <= a) ?? columns[0], { start, end, length } = column;
    if (a > end) return [a + column.shift + length - (end - start), c + offset];
    const above = column.places.filter((place) => place.rest.c + place.rest.across / 2 < c).reduce((sum, place) => sum + place.growth, 0);
    return [start + column.shift + (a - start) * length / (end - start || 1), c + offset - column.growth / 2 + above];
  };
  const routes = between.map((edge) => {
    const from = where(edge.source), module = edge.target.module, start = [[from.a + from.along, from.c + from.across / 2]];
    if (from.ends > start[0][0] + 20) start.push([from.ends, start[0][1]]); // level past a frame in its column
    start.push(...(story.via[edge.index] ?? []).map(moved));
    if (module?.opened) return { edge, points: [...start, ...story.entry[edge.index].map(([a, c]) => [a + module.a, c + module.c])] };
    return { edge, points: start, into: standing(edge.target) };
  });
  for (const card of new Set(routes.map((route) => route.into).filter(Boolean))) {
    const arriving = routes.filter((route) => route.into === card).sort((p, q) => p.points.at(-1)[1] - q.points.at(-1)[1]);
    const { a, c, across, starts } = where(arriving[0].edge.target), step = Math.min(22, (across - 24) / arriving.length);
    arriving.forEach(({ points }, k) => {
      const port = c + across / 2 + step * (k - (arriving.length - 1) / 2);
      points.push(...(starts < a - 20 ? [[starts, port]] : []), [a, port]);
    });
  }
  $("modules").textContent = modules.some((module) => module.opened) ? "close" : "open";
  for (const { edge, points } of routes) lines[edge.index].line.setAttribute("d", curve(points));
  const rest = flow({ x: 0, y: 0, width: first_size[0], height: first_size[1] });
  const along = rest.along + shift, across = rest.across + 2 * offset;
  Object.assign(whole, story.down ? { width: across, height: along } : { width: along, height: across });
}

function move({ card, floor, inside, opened, a, c }) {
  const at = story.down ? [c, a] : [a, c], there = `translate(${at.map((n) => n.toFixed(1)).join(" ")})`;
  for (const shape of [card, floor, inside]) shape?.setAttribute("transform", there);
  for (const [shape, shown] of [[card, !opened], [floor, opened], [inside, opened]]) shape?.classList.toggle("shut", !shown);
}

function where(node) { // the card that stands for a node, along and across, and where its column starts and ends
  const card = shapes[node.index].group;
  if (!modules.length) return flow(boxed(card));
  const place = node.module ?? lone.find((own) => own.card === card), box = boxed(card);
  if (!place.opened) return place;
  const own = flow({ ...box, y: box.y + 30 }); // below the bar
  return { ...own, a: place.a + own.a, c: place.c + own.c, ends: place.ends };
}

function toggle(which, opened = !which[0].opened) { // open or close modules
  for (const module of which) module.opened = opened;
  arrange();
  chosen = true;
  show(Math.max(at, 0), false, true);
  const { a, c, along, across } = which[0];
  if (which.length > 1) legible();
  else look(...(story.down ? [c + across / 2, a + along / 2] : [a + along / 2, c + across / 2]), scale);
}

// The closed modules' numbers; of many, the smallest and the largest. A gradient is shown once it is whole.
function fill(known, whole_grad) {
  const range = (numbers) => {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)].map((x) => format(x, numbers.length > 1 ? 3 : 4));
    return low === high ? low : `${low} … ${high}`;
  };
  const put = (text, members, what, shown) => {
    text.textContent = range(members.map((k) => nodes[k][what]));
    text.classList.toggle("off", !members.every((k) => shown[k]));
  };
  for (const { rows, values, grads } of modules) rows.forEach((members, r) => {
    put(values[r], members, "value", known);
    put(grads[r], members, "grad", whole_grad);
  });
}

// Steps within a closed module are passed over, all but the last.
function inside(s) {
  const { phase, node, edge } = steps[s], module = (edge?.source ?? node)?.module;
  return module && !module.opened && (!edge || edge.target.module === module) ? phase + module.index : s;
}
const passed = (s) => s < last && inside(s) === inside(s + 1);

for (const module of modules) {
  const title = module.bar.textContent;
  module.bar.setAttribute("aria-label", `Close ${title}`);
  module.card.setAttribute("aria-label", `Open ${title}`);
  for (const shape of [module.card, module.bar]) {
    shape.setAttribute("role", "button");
    shape.setAttribute("tabindex", "0");
    shape.addEventListener("click", () => toggle([module]));
  }
}
$("modules").hidden = !modules.length;
if (modules.length) $("hint").textContent += " Click a module to open it, its title to close it; M does so with all.";
$("modules").addEventListener("click", () => toggle(modules, !modules.some((module) => module.opened)));
