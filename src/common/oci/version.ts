/** Versions of the OCI runtime specification. */

/** What vz writes into a config.json: all of it is in there, and runners of these years take it. */
export const OCI_VERSION = "1.0.2";
/** What runch reads. 1.3 adds netDevices, memoryPolicy and fields of intelRdt: known by name, and told like all that runch lacks. */
export const OCI_VERSION_LEAST = "1.0.0";
export const OCI_VERSION_MOST = "1.3.0";
