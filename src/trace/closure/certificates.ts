/**
 * Certificates of authorities. A bundle that was read is there as a whole. But a program that looks certificates up by the hash
 * of their subject (OpenSSL's CApath; see SSL_CTX_load_verify_locations(3)) touches one file, and the next peer needs another.
 */
import type { LibraryFiles } from "../elf/loader-path.ts";
import type { Selection } from "../names/selection.ts";
import { baseOf, parentOf } from "../names/walk.ts";

/** Name of a certificate or revocation list in such a directory. */
const HASHED = /^[0-9a-f]{8}\.r?\d+$/;
const TLS_LIBRARY = /^lib(ssl|gnutls|ssl3|mbedtls|wolfssl)\.so(\.|$)|^libssl-/;
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
/** More than any distribution's. */
const MAX_CERTIFICATES = 2000;

/** Adds, on a guess, the certificates beside those that the run looked up. */
export function addCertificates(selection: Selection, files: LibraryFiles): void {
  const touched = [...selection.files, ...selection.links].filter(isHashed);
  for (const directory of new Set(touched.map(parentOf))) {
    const names = files.list(directory).filter((name) => HASHED.test(name));
    for (const name of names.sort().slice(0, MAX_CERTIFICATES)) {
      const path = `${directory}/${name}`;
      // A file of such a name may hold a private key.
      if (!files.part(path, 0, 1 << 16).includes("PRIVATE KEY"))
        selection.guess(path, "certificates", `certificate beside one that was looked up in ${directory}`);
    }
  }
  const usesTls = selection.objects().some((path) => TLS_LIBRARY.test(baseOf(path)));
  const asksHosts = selection.files.has(files.real("/etc/resolv.conf") ?? "");
  if (!usesTls || !asksHosts || touched.length > 0 || files.real(CA_BUNDLE) === null) return;
  if ([...selection.files].some(isBundle)) return;
  const why =
    "certificates of authorities were not read, though hosts were asked for and a TLS library loaded";
  selection.notes.leftOut.push({ what: CA_BUNDLE, why, include: CA_BUNDLE });
}

function isHashed(path: string): boolean {
  const start = path.lastIndexOf("/") + 1;
  // Most names have no dot there.
  return path.charCodeAt(start + 8) === 0x2e && HASHED.test(path.slice(start));
}

function isBundle(path: string): boolean {
  if (!path.endsWith(".crt") && !path.endsWith(".pem")) return false;
  return /(^|[/-])(ca-certificates|ca-bundle|cacert|cert|tls-ca-bundle|ca-bundle\.trust)\.(crt|pem)$/.test(
    path,
  );
}
