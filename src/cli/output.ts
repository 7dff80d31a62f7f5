// What commands print on standard output: lines, JSON and tables of text.

/** Prints one line. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a value as JSON over several lines; 64-bit integers as text, as JSON numbers would lose digits. */
export function printJson(value: unknown): void {
  printLine(jsonText(value, 2));
}

/** JSON in which 64-bit integers are texts. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), indent);
}

/** One row of a table: what stands in each column; null is shown as a dash. */
export type TableCells = readonly (string | number | bigint | null)[];

/** A table with aligned columns, numbers to the right, as lines of text. */
export function tableText(header: readonly string[], rows: readonly TableCells[]): string {
  const texts = rows.map((row) => row.map((cell) => (cell === null ? '-' : String(cell))));
  const widths = header.map((name, index) => Math.max(name.length, ...texts.map((row) => row[index].length)));
  const toRight = header.map(
    (_, index) => rows.length > 0 && rows.every((row) => row[index] === null || typeof row[index] !== 'string'),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (toRight[index] ? cell.padStart(widths[index]) : cell.padEnd(widths[index])))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...texts.map(line)].join('\n');
}

const SIZE_STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size as people read it: `1.5 MiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let step = 0;
  while (Math.abs(value) >= 1024 && step < SIZE_STEPS.length - 1) {
    value /= 1024;
    step++;
  }
  return `${step === 0 ? value : value.toFixed(1)} ${SIZE_STEPS[step]}`;
}

/** A time in milliseconds since the epoch as ISO 8601; null where it is not known. */
export function timeText(timeMs: number | null): string | null {
  return timeMs === null || timeMs === 0 ? null : new Date(timeMs).toISOString();
}
