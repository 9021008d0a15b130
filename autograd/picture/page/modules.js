// Modules: each a card of its own or, opened, a frame around what is within it; what is beyond a frame makes room.
const flow = ({ x, y, width, height }) => story.down // along and across it, from the operands to the output
  ? { a: y, c: x, along: height, across: width } : { a: x, c: y, along: width, across: height };
const unflow = ({ along, across }) => story.down ? { width: across, height: along } : { width: along, height: across };
const sized = (shape) => ({ width: +shape.getAttribute("width"), height: +shape.getAttribute("height") });

function boxed(card) { // where a card's shape stands
  const { e, f } = card.transform.baseVal[0].matrix;
  return { x: e, y: f, ...sized(card.querySelector(".body")) };
}

const modules = (story.modules ?? []).map(([, rows], index) => {
  const card = $("m" + index), numbers = (css) => [...card.querySelectorAll(css)].slice(1); // after the head's
  const floor = $("f" + index), frame = flow({ x: 0, y: 0, ...sized(floor) });
  return { index, rows, card, opened: false, floor, frame, inside: $("o" + index), bar: $("b" + index),
    values: numbers(".v"), grads: numbers(".d") };
});
let toggled = false; // whether the reader chose what is open
const ground = { opened: true, holds: true, depth: -1, frame: flow({ x: 0, y: 0, ...whole }) }; // what all modules are in
modules.forEach((module, k) => { // each after the one around it
  module.level = modules[story.modules[k][0] ?? -1] ?? ground;
  module.depth = module.level.depth + 1;
  module.level.holds = true;
});
for (const node of nodes) {
  node.level = modules[story.within?.[node.index] ?? -1] ?? ground;
  node.around = [];
  for (let module = node.level; module !== ground; module = module.level) node.around.unshift(module);
}
const closed = (node) => node.around.find((module) => !module.opened); // the module that a node is hidden in
const standing = (node) => closed(node)?.card ?? shapes[node.index].group;
const between = modules.length ? edges.filter((edge) => { // whose way depends on what is open
  const { source, target } = edge, same = target.around.filter((module) => source.around.includes(module));
  edge.level = same.at(-1) ?? ground;
  return edge.level.holds;
}) : [];

// What stands in each level, where it stands while all is closed, and the columns of that.
for (const node of nodes) if (node.level.holds) node.place = { card: shapes[node.index].group, level: node.level };
const places = modules.length ? [...modules, ...nodes.map((node) => node.place).filter(Boolean)] : [];
for (const level of [ground, ...modules]) level.columns = [];
for (const place of places) {
  place.rest = flow(boxed(place.card));
  const { a, along } = place.rest, middle = a + along / 2, { columns } = place.level;
  let column = columns.find((other) => Math.abs(other.middle - middle) < 2);
  if (!column) columns.push(column = { middle, start: Infinity, end: -Infinity, places: [] });
  Object.assign(column, { start: Math.min(column.start, a), end: Math.max(column.end, a + along) });
  column.places.push(place);
}
for (const { columns } of [ground, ...modules]) {
  columns.sort((p, q) => p.start - q.start);
  for (const column of columns) column.places.sort((p, q) => p.rest.c - q.rest.c);
}

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

function measure(level) { // the size of its frame, with what is open within
  if (!level.holds) return level.frame;
  level.shift = 0;
  for (const column of level.columns) {
    column.growth = 0;
    column.length = column.end - column.start;
    for (const place of column.places) {
      const { along, across } = place.opened ? measure(place) : place.rest;
      Object.assign(place, { along, across, growth: Math.max(0, across - place.rest.across) });
      column.growth += place.growth;
      column.length = Math.max(column.length, along);
    }
    column.shift = level.shift;
    level.shift += column.length - (column.end - column.start);
  }
  level.offset = Math.max(0, ...level.columns.map((column) => column.growth)) / 2;
  return { along: level.frame.along + level.shift, across: level.frame.across + 2 * level.offset };
}

function settle(level, seen = true) { // everything where it belongs
  for (const column of level.columns) {
    let above = level.c + level.offset - column.growth / 2;
    const start = level.a + column.start + column.shift, middle = start + column.length / 2;
    for (const place of column.places) {
      place.a = middle - place.along / 2;
      Object.assign(place, { starts: start, ends: start + column.length });
      place.c = place.rest.c + above + Math.max(0, place.rest.across - place.across) / 2;
      above += place.growth;
      move(place, seen);
      if (place.holds) settle(place, seen && place.opened);
    }
  }
}
const moved = (level) => ([a, c]) => { // a bend between the columns, or among the cards of one
  if (!level.holds) return [a + level.a, c + level.c];
  const column = level.columns.findLast(({ start }) => start <= a) ?? level.columns[0], { start, end, length } = column;
  if (a > end) return [a + level.a + column.shift + length - (end - start), c + level.c + level.offset];
  const above = column.places.filter((place) => place.rest.c + place.rest.across / 2 < c).reduce((sum, place) => sum + place.growth, 0);
  return [level.a + start + column.shift + (a - start) * length / (end - start || 1), level.c + c + level.offset - column.growth / 2 + above];
};

function route(edge) { // the points it passes, and the card at which it has yet to find its port
  const { source, target, level } = edge;
  const inside = (node, level) => node.around[level.depth + 1] ?? node.place;
  const from = where(source), points = [[from.a + from.along, from.c + from.across / 2]];
  const past = inside(source, level).ends;
  if (past > points[0][0] + 20) points.push([past, points[0][1]]); // level past a frame in its column
  points.push(...(story.via[edge.index] ?? []).map(moved(level)));
  let { starts } = inside(target, level), into = standing(target);
  for (const module of target.around.slice(level.depth + 1)) {
    if (!module.opened) break;
    const lane = story.entry[edge.index]?.[module.index], place = inside(target, module);
    if (!lane) continue;
    points.push(...lane.slice(0, module.holds ? -1 : undefined).map(moved(module)));
    if (module.holds) starts = place.starts;
    else into = null;
  }
  return { edge, points, into, starts };
}

function arrange() { // with these modules open
  Object.assign(whole, unflow(measure(ground)));
  settle(Object.assign(ground, { a: 0, c: 0 }));
  const seen = ({ level, source }) => source.around.slice(0, level.depth + 1).every((module) => module.opened);
  for (const edge of between) lines[edge.index].line.classList.toggle("shut", !seen(edge));
  const routes = between.filter(seen).map(route);
  for (const { edge } of routes) lines[edge.index].alike = [];
  for (const card of new Set(routes.map(({ into }) => into).filter(Boolean))) {
    const arriving = new Map(); // by the card that they come from: alike ways are one line
    for (const way of routes.filter(({ into }) => into === card)) {
      const from = standing(way.edge.source);
      arriving.set(from, [...arriving.get(from) ?? [], way]);
    }
    const ways = [...arriving.values()].sort(([p], [q]) => p.points.at(-1)[1] - q.points.at(-1)[1]);
    const { a, c, across } = where(ways[0][0].edge.target), step = Math.min(22, (across - 24) / ways.length);
    ways.forEach((alike, k) => {
      const port = c + across / 2 + step * (k - (ways.length - 1) / 2);
      for (const { edge, points, starts } of alike) {
        points.push(...(starts < a - 20 ? [[starts, port]] : []), [a, port]);
        lines[edge.index].alike = alike;
      }
    });
  }
  $("modules").textContent = modules.some((module) => module.opened) ? "close" : "open";
  for (const { edge, points } of routes) lines[edge.index].line.setAttribute("d", curve(points));
  room();
}

function move(place, seen) {
  const { card, floor, inside, opened, a, c } = place, there = `translate(${(story.down ? [c, a] : [a, c]).map((n) => n.toFixed(1)).join(" ")})`;
  for (const shape of [card, floor, inside]) shape?.setAttribute("transform", there);
  for (const [shape, shown] of [[card, !opened], [floor, opened], [inside, opened]]) shape?.classList.toggle("shut", !(seen && shown));
  if (!place.holds || !opened) return;
  const { width, height } = unflow(place), [band, title] = place.bar.children;
  for (const [name, size] of Object.entries({ width, height })) floor.setAttribute(name, size.toFixed(0));
  band.setAttribute("d", `M0 30V9Q0 0 9 0H${width - 9}Q${width} 0 ${width} 9V30Z`);
  title.setAttribute("x", width / 2);
}

function where(node) { // the card that stands for a node, along and across
  const card = shapes[node.index].group;
  if (!modules.length) return flow(boxed(card));
  const place = closed(node) ?? node.place;
  if (place) return place;
  const own = flow(boxed(card)); // in a frame that holds no modules
  return { ...own, a: node.level.a + own.a, c: node.level.c + own.c };
}

function toggle(which, opened = !which[0].opened) { // open or close modules
  for (const module of which) module.opened = opened;
  arrange();
  chosen = toggled = true;
  show(Math.max(at, 0), false, true);
  const { a, c, along, across } = which[0];
  if (which.length > 1) legible();
  else look(...(story.down ? [c + across / 2, a + along / 2] : [a + along / 2, c + across / 2]), scale);
}

function unfold() { // as many levels as can be read at once
  for (let deep = Math.max(...modules.map(({ depth }) => depth + 1)); deep >= 0; deep--) {
    for (const module of modules) module.opened = module.depth < deep;
    arrange();
    if (fitting() >= LEGIBLE) break;
  }
}

// The closed modules' numbers; of many, the smallest and the largest. A gradient is shown once it is whole.
function fill(known, whole_grad, { phase, node, edge }) {
  const active = (edge?.source ?? node)?.index;
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
    for (const [text, of] of [[values[r], "forward"], [grads[r], "backward"]]) text.classList.toggle("told", phase === of && members.includes(active));
  });
}

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
