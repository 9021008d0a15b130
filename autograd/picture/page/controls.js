// Where to go, keys, hover, the address; and the start.
const pace = 1100; // milliseconds a step
const visit = (k) => go(visits[k].find((s) => s > at) ?? visits[k][0] ?? 0);
$("slider").max = last + 1;

Object.assign(keys, { "+": () => zoom(1.4), "-": () => zoom(1 / 1.4), 0: () => fit(), r: () => live && reset(),
  "/": () => $("search").focus(), ArrowUp: moves.back, ArrowDown: moves.next, m: () => $("modules").click() });
function taken(event) {
  const [card, bar, button] = [".card", ".bar", "button"].map((css) => event.target.closest?.(css));
  if (event.target.id === "search") { if (event.key === "Escape") event.target.blur(); return true; }
  if (event.target.closest?.("#leaves") && !button) return true;
  if (!(card || bar) || (event.key !== "Enter" && event.key !== " ")) return false;
  (card ?? bar).dispatchEvent(new Event("click"));
  event.preventDefault();
  return true;
}

function hovered(card, holds) { // what is not connected to a card that is pointed at fades
  const fade = (on) => {
    picture.classList.toggle("hover", on);
    for (const shape of picture.querySelectorAll(".near")) shape.classList.remove("near");
    if (!on) return;
    card.classList.add("near");
    for (const { index, source, target } of edges.filter((edge) => holds(edge.source) || holds(edge.target))) {
      const { line, label } = lines[index];
      for (const shape of [line, label, standing(source), standing(target)]) shape?.classList.add("near");
    }
  };
  card.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && fade(true));
  card.addEventListener("pointerleave", () => fade(false));
  card.addEventListener("click", () => fade(false));
}
nodes.forEach((node, k) => {
  shapes[k].group.addEventListener("click", () => visit(k));
  hovered(shapes[k].group, (other) => other === node);
});
for (const module of modules) hovered(module.card, (node) => node.around.includes(module));

const linked = () => (Number(/step=(\d+)/.exec(location.hash)?.[1]) || 1) - 1;
addEventListener("hashchange", () => { restore(); play(false); show(linked(), true, true); });
let printed = 0;
addEventListener("beforeprint", () => { printed = at; show(last, false); });
addEventListener("afterprint", () => show(printed, false));
let size = "";
addEventListener("resize", () => {
  const now = [innerWidth, stage.clientHeight].join(); // a phone's bars come and go without changing either
  if (now === size) return;
  size = now;
  if (!chosen) return refit();
  room();
  look(view.x + view.width / 2, view.y + view.height / 2, scale);
});
if (modules.length) unfold();
restore();
if (live) refresh();
show(linked());
refit();
