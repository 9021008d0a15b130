// Pan, zoom, fit, search.
const stage = $("stage"), picture = $("picture");
const first_size = picture.getAttribute("viewBox").split(" ").map(Number).slice(2);
const whole = { width: first_size[0], height: first_size[1] }; // of the picture
const BUTTONS = 34; // pixels at the bottom of the stage, which are theirs before the picture is in its middle
const LEGIBLE = story.legible; // pixels per unit
let view = { x: 0, y: 0, ...whole }, scale = 1, chosen = false;

function look(x, y, pixels) { // the middle of the view, and pixels per unit
  scale = pixels;
  const width = stage.clientWidth / scale, height = stage.clientHeight / scale;
  const kept = (middle, size, whole, below = 0) => size >= whole ? -Math.max(0, size - whole - below) / 2 : Math.max(0, Math.min(whole - size, middle - size / 2));
  view = { x: kept(x, width, whole.width), y: kept(y, height, whole.height, BUTTONS / scale), width, height };
  picture.setAttribute("viewBox", [view.x, view.y, view.width, view.height].map((n) => n.toFixed(1)).join(" "));
}
function room() { // as much height as the picture takes up across the whole stage
  stage.parentElement.style.setProperty("--height", Math.max(LEGIBLE, Math.min(1.3, stage.clientWidth / whole.width)) * whole.height + "px");
}
const fitting = () => Math.min(stage.clientWidth / whole.width, stage.clientHeight / whole.height);
const fit = (least = 0) => look(0, whole.height / 2, Math.max(Math.min(fitting(), 1.3), least));
const legible = () => { fit(fitting() < 0.52 ? LEGIBLE : 0); const { edge, node } = steps[Math.max(at, 0)]; follow(at === last ? root : edge?.source ?? node); };
const zoom = (by) => (chosen = true, look(view.x + view.width / 2, view.y + view.height / 2, Math.max(0.02, Math.min(8, scale * by))));
const pan = (dx, dy) => (chosen = true, look(view.x + view.width / 2 - dx / scale, view.y + view.height / 2 - dy / scale, scale));

function follow(node) { // keep the active card in sight
  if (!node) return;
  const { a, c, along, across } = where(node);
  const [x, y, width, height] = story.down ? [c, a, across, along] : [a, c, along, across];
  if (x >= view.x && y >= view.y && x + width <= view.x + view.width && y + height <= view.y + view.height) return;
  look(x + width / 2, y + height / 2, scale);
}
function search() {
  const wanted = $("search").value.trim().toLowerCase();
  const plain = (node) => node.name.toLowerCase().normalize("NFKC");
  const found = wanted ? nodes.filter((node) => plain(node).startsWith(wanted.normalize("NFKC").replaceAll("_", ""))) : [];
  for (const { group } of shapes) group.classList.remove("found");
  for (const { card } of modules) card.classList.remove("found");
  for (const node of found) standing(node).classList.add("found");
  $("found").textContent = wanted && !found.length ? `no value is called ${wanted}…` : "";
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
