// Play, keys, hover, the address; and the start.
function play(on = !timer) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (at === last) show(0);
    timer = setInterval(() => at < last ? show(following()) : play(false), 1100);
  }
  $("play").textContent = on ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
}

function following() { // the next step that is not passed over
  let s = at + 1;
  while (passed(s)) s++;
  return s;
}
function preceding() {
  let s = at - 1;
  while (s > 0 && passed(s)) s--;
  return s;
}
const go = (s) => { play(false); show(s); };
const visit = (k) => go(visits[k].find((s) => s > at) ?? visits[k][0] ?? 0);
$("slider").max = last + 1;
$("slider").addEventListener("input", (event) => go(event.target.value - 1));
const moves = { first: () => go(0), back: () => go(preceding()), play: () => play(), next: () => go(following()), last: () => go(last) };
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
  Home: moves.first, End: moves.last, d: theme, m: () => $("modules").click() };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const [card, bar, button] = [".card", ".bar", "button"].map((css) => event.target.closest?.(css));
  if (event.target.id === "search") { if (event.key === "Escape") event.target.blur(); return; }
  if (event.target.closest?.("#leaves") && !button) return;
  if ((card || bar) && (event.key === "Enter" || event.key === " ")) (card ?? bar).dispatchEvent(new Event("click"));
  else if (event.key === " " && !button) play();
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});

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
