// Names in SQL: quoting, and the tables that a statement names.

/** A name as an identifier that any case and character survives. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The parts of a qualified name as DuckDB prints it, such as `shop."Order items" AS o`: identifiers between points, an
 * alias after them left out.
 */
export function nameParts(printed: string): readonly string[] {
  const parts: string[] = [];
  const part = /"((?:[^"]|"")*)"|([^."\s]+)/y;
  for (;;) {
    const match = part.exec(printed);
    if (match === null) return parts;
    parts.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (printed[part.lastIndex] !== '.') return parts;
    part.lastIndex += 1;
  }
}
