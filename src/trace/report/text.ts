/** The report of a trace as people read it. */

import { formatBytes, table } from "../../common/command/table.ts";
import { printable } from "../../common/printable.ts";
import { quoteWord, quoteWords } from "../../common/shell-words.ts";
import type { SizedFile, TraceReport } from "./report.ts";

/** Lines that are shown of a list; the text counts the others, JSON has them all. */
const SHOWN = 20;

/** @param columns of the terminal that it is for; undefined for no limit */
export function reportText(report: TraceReport, columns: number | undefined): string {
  const fit = (line: string) => {
    const text = printable(line);
    return columns !== undefined && text.length > columns ? `${text.slice(0, columns - 1)}…` : text;
  };
  const sections = [
    totals(report).map(fit).join("\n"),
    section("Biggest files", table(["SIZE", "FILE"], sized(report.biggest), columns)),
    packages(report, columns),
    list(unownedTitle(report), sized(report.unowned), columns),
    list(
      "Guessed and not seen",
      report.guessed.map(({ path, why }) => [path, why]),
      columns,
    ),
    leftOut(report, columns),
    list(`Excluded: ${report.excluded.length}`, single(report.excluded), columns),
    list(`Made by the run, and not here: ${report.made.length}`, single(report.made), columns),
    list(`Removed by the run, and not here: ${report.removed.length}`, single(report.removed), columns),
    list(`Written to by the run: ${report.written.length}`, single(report.written), columns),
    older(report, columns),
  ];
  return `${sections.filter((text) => text !== "").join("\n\n")}\n`;
}

function totals({ command, files, links, directories, bytes, ...report }: TraceReport): string[] {
  const all = [
    `${counted(files, "file")} (${formatBytes(bytes)})`,
    ...[counted(links, "link"), counted(directories, "directory", "directories")],
  ].join(", ");
  const installed =
    report.packages === null || report.packages.length === 0
      ? []
      : [
          `Installed, what they come from (${counted(report.packages.length, "package")}) takes ${formatBytes(report.installedSize)}`,
        ];
  return [...(command.length > 0 ? [quoteWords(command)] : []), all, ...installed];
}

function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

function section(title: string, text: string): string {
  return `${title}\n${text.trimEnd()}`;
}

function sized(files: readonly SizedFile[]): string[][] {
  return files.map(({ path, bytes }) => [formatBytes(bytes), path]);
}

function single(names: readonly string[]): string[][] {
  return names.map((name) => [name]);
}

/** Rows without a header; "" for an empty list. */
function list(title: string, rows: readonly (readonly string[])[], columns: number | undefined): string {
  if (rows.length === 0) return "";
  const shown = rows.length > SHOWN + 1 ? rows.slice(0, SHOWN) : rows;
  const [header = [], ...others] = shown;
  const rest = rows.length - shown.length;
  const more = rest > 0 ? `… and ${rest} more; --json has all\n` : "";
  return section(title, table(header, others, columns) + more);
}

function packages({ packages }: TraceReport, columns: number | undefined): string {
  if (packages === null || packages.length === 0) return "";
  const rows = packages.map(({ name, architecture, version, files, bytes, installedSize }) => [
    ...[`${name}:${architecture}`, version, String(files), formatBytes(bytes)],
    installedSize > 0 ? formatBytes(installedSize) : "?",
  ]);
  return section("Packages", table(["PACKAGE", "VERSION", "FILES", "HERE", "INSTALLED"], rows, columns));
}

function unownedTitle({ unowned, packages }: TraceReport): string {
  const bytes = unowned.reduce((total, file) => total + file.bytes, 0);
  const why = packages === null ? " (no package manager is known here)" : "";
  return `Of no package: ${counted(unowned.length, "file")}, ${formatBytes(bytes)}${why}`;
}

function leftOut({ leftOut }: TraceReport, columns: number | undefined): string {
  const rows = leftOut.map(({ what, why, include }) => [
    include === undefined ? what : `--include ${quoteWord(include)}`,
    why,
  ]);
  return list("Left out, and how to put it back", rows, columns);
}

function older({ older }: TraceReport, columns: number | undefined): string {
  if (older === null) return "";
  const rows = [...older.added.map((name) => ["+", name]), ...older.gone.map((name) => ["-", name])];
  const title = `Against the older spec: +${older.added.length} -${older.gone.length}`;
  return rows.length === 0 ? title : list(title, rows, columns);
}
