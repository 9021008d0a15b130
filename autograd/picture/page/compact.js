// Where a picture with its labels is too small to be read, it is laid out without: an edge's colour is the sign of its
// number, its width the size.
const layouts = [{ ...whole, cards: shapes.map(({ group }) => group.getAttribute("transform")?.slice(10, -1)),
  lines: lines.map(({ line }) => line.getAttribute("d")) }, ...(story.compact ?? [])];
let layout = layouts[0];

function lay_out(chosen) {
  if (chosen === layout) return;
  layout = chosen;
  picture.classList.toggle("bare", layout !== layouts[0]);
  shapes.forEach(({ group }, k) => group.setAttribute("transform", `translate(${layout.cards[k]})`));
  lines.forEach(({ line }, k) => line.setAttribute("d", layout.lines[k]));
  Object.assign(whole, { width: layout.width, height: layout.height });
  room();
  show(Math.max(at, 0), false, true);
}

// The first layout that can be read whole, or the largest; of modules, as many levels opened as can be. On a slide, and
// where nothing else can be read, the picture is as wide as the page.
function refit() {
  for (const wide of [innerHeight <= 600, true]) {
    stage.parentElement.classList.toggle("wide", wide);
    room();
    if (modules.length && !toggled) {
      unfold();
      show(Math.max(at, 0), false, true);
    }
    if (layouts.length > 1) {
      const sizes = layouts.map((each) => (lay_out(each), fitting())), first = sizes.findIndex((size) => size >= LEGIBLE);
      lay_out(layouts[first < 0 ? sizes.indexOf(Math.max(...sizes)) : first]);
    }
    if (fitting() >= LEGIBLE) break;
  }
  legible();
}
