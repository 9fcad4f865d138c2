// Perfetto's trace processor as WebAssembly, in Node: argv[2] is the folder that holds engine_bundle.node.js and trace_processor.wasm.
// Takes the bytes of a TraceProcessorRpcStream on standard input, gives those of the answer on standard output. The bundle is a web
// worker's script: what it expects of a worker is made here, and nothing is fetched from anywhere but that folder.
"use strict";
const fs = require("fs"), path = require("path"), vm = require("vm");
const folder = process.argv[2];
const bytesOf = (name) => fs.readFileSync(path.join(folder, path.basename(String(name))));

globalThis.WorkerGlobalScope = class {};
globalThis.self = globalThis;
globalThis.location = { href: "file:///worker.js" };
globalThis.XMLHttpRequest = class {
  open(method, name) { this.name = name; }
  send() { this.response = new Uint8Array(bytesOf(this.name)).buffer; }
};
console.log = console.warn = (line) => process.stderr.write(line + "\n");
vm.runInThisContext(bytesOf("engine_bundle.node.js").toString(), { filename: "engine_bundle.js" });

const answers = [], port = { postMessage: (bytes) => answers.push(Buffer.from(bytes)) };
self.onmessage({ data: port });
setImmediate(() => {  // its buffer is there once what waits for the module has run
  port.onmessage({ data: new Uint8Array(fs.readFileSync(0)) });
  process.stdout.write(Buffer.concat(answers));
});
