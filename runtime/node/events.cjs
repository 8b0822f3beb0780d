// require("events") is the class itself; esbuild would give the module's namespace.
module.exports = require("./events.ts").EventEmitter;
