// node snapshot.mjs FOLDER: a Python that has started and imported the library, as FOLDER/snapshot.gz.
//
// To start Python and import a library takes a browser seconds, all of it before the first answer; to load the memory
// of one that has done so takes none of them. The snapshot fits these very files of Pyodide and no others.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const folder = process.argv[2];
const { loadPyodide } = await import(pathToFileURL(`${folder}/pyodide.mjs`));
const pyodide = await loadPyodide({ _makeSnapshot: true });
pyodide.unpackArchive(new Uint8Array(readFileSync(`${folder}/chainrule.zip`)), "zip");
pyodide.runPython(`
import json, nn, playground
playground.page("y = x**2 + b", {})  # loads what is loaded on first use
`);
writeFileSync(`${folder}/snapshot.gz`, gzipSync(pyodide.makeMemorySnapshot()));
