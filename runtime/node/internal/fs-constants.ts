/** fs.constants */
import * as sys from "vz:sys";

const names = /^(O_|S_I|[FRWX]_OK)/;
export const constants: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(sys.constants).filter(([name]) => names.test(name))),
  COPYFILE_EXCL: 1,
  S_IRWXU: 0o700,
  S_IRUSR: 0o400,
  S_IWUSR: 0o200,
  S_IXUSR: 0o100,
  S_IRWXG: 0o070,
  S_IRGRP: 0o040,
  S_IWGRP: 0o020,
  S_IXGRP: 0o010,
  S_IRWXO: 0o007,
  S_IROTH: 0o004,
  S_IWOTH: 0o002,
  S_IXOTH: 0o001,
};
