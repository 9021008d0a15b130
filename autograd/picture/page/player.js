// Play, scrub, keys, light and dark. What a page shows of it is its own: at, last, show(k), the pace, and
// taken(event) for keys that mean something else where they are pressed.
const $ = (id) => document.getElementById(id);
let timer = 0;
function play(on = !timer) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (at === last) show(0);
    timer = setInterval(() => at < last ? show(at + 1) : play(false), pace);
  }
  $("play").textContent = on ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
}
const go = (k) => { play(false); show(k); };
const moves = { first: () => go(0), back: () => go(at - 1), play: () => play(), next: () => go(at + 1), last: () => go(last) };
for (const [id, move] of Object.entries(moves)) $(id).addEventListener("click", move);
$("slider").addEventListener("input", ({ target }) => go(target.value - target.min));
$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});
const keys = { ArrowRight: moves.next, ArrowLeft: moves.back, Home: moves.first, End: moves.last, d: () => $("theme").click() };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || taken(event)) return;
  if (event.key === " " && !event.target.closest?.("button")) play();
  else if (keys[event.key]) keys[event.key]();
  else return;
  event.preventDefault();
});
