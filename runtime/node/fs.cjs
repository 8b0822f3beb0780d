// The packages that we bundle want nothing of require("fs") but the numbers; all of it would come along.
exports.constants = require("./internal/fs-constants.ts").constants;
