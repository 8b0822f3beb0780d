// require("assert") is a function.
module.exports = require("./assert.ts").ok;
