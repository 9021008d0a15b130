// The playground: a formula and its live page in a frame, both in the address of this page.
const $ = (id) => document.getElementById(id);
const frame = $("frame"), formula = $("formula"), said = $("said");
const examples = await (await fetch("live/examples.json")).json();
let now = {}; // what the frame shows: {name} of an example or {text}, its numbers, and how names are shown

// ---- Python, when it is needed ------------------------------------------------------------------------------------
let worker, waiting = new Map(), count = 0;

function python(question) {
  worker ??= begin();
  return new Promise((resolve, reject) => {
    waiting.set(++count, { resolve, reject });
    worker.postMessage({ id: count, ...question });
  });
}
function begin() {
  const begun = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  begun.onmessage = ({ data: { id, answer, failed } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    failed ? reject(failed) : resolve(answer);
  };
  begun.onerror = () => {
    for (const { reject } of waiting.values()) reject("Python could not be loaded: this site was built without it.");
    waiting.clear();
    worker = undefined;
  };
  return begun;
}

// ---- what is shown ------------------------------------------------------------------------------------------------
const END = "step=999"; // the last step, whichever that is: all derivatives are there

function show(next, url, state) {
  if (now.url) URL.revokeObjectURL(now.url);
  now = { ...next, url: url.startsWith("blob:") ? url : "" };
  formula.value = next.text;
  said.textContent = "";
  for (const button of $("examples").querySelectorAll("button")) button.ariaPressed = button.value === next.name;
  frame.contentWindow.location.replace(`${url}#${state || END}`); // Back leaves the playground
}
function choose(name, state) {
  const { formula: text, numbers, shown } = examples[name];
  show({ name, text, numbers, shown }, new URL(`live/${name}.html`, location.href).href, state);
}
const hash = () => { try { return frame.contentWindow.location.hash.slice(1); } catch { return ""; } };

function dragged() { // the numbers in the frame, by the names of the formula
  const moved = new URLSearchParams(hash());
  return Object.fromEntries(Object.entries(now.numbers ?? {}).map(([name, x]) => [name, +(moved.get(now.shown[name]) ?? x)]));
}
async function ask(text, numbers, state) {
  said.textContent = worker ? "…" : "Python is starting, once for this visit …";
  let answer;
  try {
    answer = await python({ text, numbers });
  } catch (reason) {
    answer = { error: String(reason), column: null };
  }
  if (answer.error) {
    const caret = answer.column === null ? "" : `${text}\n${" ".repeat(answer.column)}^\n`;
    said.textContent = caret + answer.error;
    return;
  }
  const page = new Blob([answer.html], { type: "text/html" });
  show({ text, numbers: answer.numbers, shown: answer.shown }, URL.createObjectURL(page), state);
}

// ---- the address: #example=… or #formula=… and its numbers, then the frame's own step and dragged leaves -------------
function address() {
  const own = now.name ? { example: now.name } : { formula: now.text, numbers: JSON.stringify(now.numbers) };
  return `#${new URLSearchParams(own)}${hash() && "&" + hash()}`;
}
function restore() {
  const wanted = new URLSearchParams(location.hash.slice(1)), rest = new URLSearchParams(wanted);
  for (const key of ["example", "formula", "numbers"]) rest.delete(key);
  if (!wanted.has("formula")) return choose(examples[wanted.get("example")] ? wanted.get("example") : Object.keys(examples)[0], rest.toString());
  formula.value = wanted.get("formula");
  let numbers = {};
  try { numbers = JSON.parse(wanted.get("numbers") ?? "{}"); } catch { /* as if none were given */ }
  ask(formula.value, numbers, rest.toString());
}
setInterval(() => {
  if (now.text && location.hash !== address()) history.replaceState(null, "", address());
}, 300);

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = formula.value, known = Object.keys(examples).find((name) => examples[name].formula === text);
  if (text === now.text) said.textContent = "";
  else if (known) choose(known);
  else ask(text, dragged());
});
formula.addEventListener("focus", () => worker ??= begin(), { once: true }); // it starts while one types
$("share").addEventListener("click", async () => {
  history.replaceState(null, "", address());
  try {
    await navigator.clipboard.writeText(location.href);
    said.textContent = "copied";
  } catch {
    said.textContent = location.href;
  }
});
frame.addEventListener("load", () => { if (now.text) frame.title = `The graph of ${now.text}, step by step`; });
addEventListener("hashchange", restore);
for (const [name, { title }] of Object.entries(examples)) {
  const button = Object.assign(document.createElement("button"), { type: "button", value: name, textContent: title });
  button.addEventListener("click", () => choose(name));
  $("examples").append(button);
}
restore();
