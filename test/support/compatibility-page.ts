// The tables of docs/compatibility.md between `<!-- NAME -->` and `<!-- end of NAME -->`: made from what tests have seen,
// compared with the page, and written into it with TRIBUTARY_WRITE_PAGE=1.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url));

/** What was seen of one engine in one row of a table: all is well, or the notes that say what is not. */
export interface Cell {
  readonly verdict: 'yes' | 'in part' | 'no' | '–';
  readonly notes: readonly string[];
}

/** A table of the page. */
export interface PageTable {
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [string, readonly Cell[]])[];
}

/** The table as Markdown, its notes numbered in the order in which they are first met. */
export function pageText({ corner, columns, rows }: PageTable): string {
  const numbers = new Map<string, number>();
  const numberOf = (note: string): number => {
    const number = numbers.get(note) ?? numbers.size + 1;
    numbers.set(note, number);
    return number;
  };
  const cell = ({ verdict, notes }: Cell): string =>
    notes.length === 0 ? verdict : `${verdict} (${notes.map(numberOf).join(', ')})`;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    line([corner, ...columns]),
    line(['---', ...columns.map(() => '---')]),
    ...rows.map(([name, cells]) => line([name, ...cells.map(cell)])),
  ];
  const notes = [...numbers].map(([note, number]) => `${number}. ${note}`);
  return [...lines, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}

/** What the page has between the marks of a name; after writing it there, where that is asked for. */
export function pageBlock(name: string, text: string): string {
  const page = readFileSync(PAGE, 'utf8');
  const [begin, end] = [`<!-- ${name} -->\n`, `\n<!-- end of ${name} -->`];
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`${PAGE} has no marks for ${name}`);
  if (process.env['TRIBUTARY_WRITE_PAGE'] !== '1') return page.slice(from, to);
  writeFileSync(PAGE, page.slice(0, from) + text + page.slice(to));
  return text;
}
