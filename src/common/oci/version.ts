/** Versions of the OCI runtime specification. */

/** What vz writes into a config.json: this version has every field that vz uses, and today's runners take it. */
export const OCI_VERSION = "1.0.2";
/** What runch reads. It knows what 1.3 adds (netDevices, memoryPolicy, fields of intelRdt) by name, and tells that it lacks it. */
export const OCI_VERSION_LEAST = "1.0.0";
export const OCI_VERSION_MOST = "1.3.0";
