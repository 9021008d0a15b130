// Python for the playground, off the page's own thread: the library reads a formula and writes its live page.
import { loadPyodide } from "../python/pyodide.mjs";

const fetched = (name) => fetch(new URL(`../python/${name}`, import.meta.url));
const unpacked = ({ body }) => new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();

const ready = (async () => {
  const library = fetched("chainrule.zip").then((reply) => reply.arrayBuffer());
  const snapshot = await fetched("snapshot.gz"); // without it, Python starts as ever
  const pyodide = await loadPyodide(snapshot.ok ? { _loadSnapshot: new Uint8Array(await unpacked(snapshot)) } : {});
  pyodide.unpackArchive(await library, "zip"); // a snapshot has the modules, but not the files that pages are made of
  return pyodide.runPython(`
import json, playground
lambda text, numbers: json.dumps(playground.page(text, json.loads(numbers)))
`);
})();

onmessage = async ({ data: { id, text, numbers } }) => {
  try {
    postMessage({ id, answer: JSON.parse((await ready)(text, JSON.stringify(numbers))) });
  } catch (reason) {
    postMessage({ id, failed: String(reason) });
  }
};
