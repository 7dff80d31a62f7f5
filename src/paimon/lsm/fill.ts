// Makes whole rows of what a source gives: fills values that the log left out from the row's last known version, and
// for tables with an input changelog gives every change its before-image. Works in log order on row numbers; only the
// columns that change are copied.
import { TributaryError } from '../../base/errors.ts';
import { concatVectors } from '../../column/concat.ts';
import { DELETE, INSERT, UPDATE_AFTER, UPDATE_BEFORE } from '../../column/row-kind.ts';
import { takeVector } from '../../column/take.ts';
import type { Vector } from '../../column/vector.ts';
import { MISSING } from '../../column/vector.ts';

/** There is no such row: a version number that names nothing. */
const NO_ROW = -1;

/** The memtable as one batch, in log order. */
export interface LogRows {
  readonly rowCount: number;
  /** Names of the columns, for messages. */
  readonly names: readonly string[];
  readonly columns: readonly Vector[];
  readonly kinds: Uint8Array;
  /** 1 for a row whose batch brought before-images: -U before +U, whole -D. */
  readonly beforeImages: Uint8Array;
  /** For each row the row before it of the same key, or NO_ROW. */
  readonly previous: Int32Array;
}

/** What was found in the table's files for rows whose key the memtable has no earlier row of. */
export interface FoundRows {
  /** For each row that was looked up: the row of `columns`, or NO_ROW. Other entries mean nothing. */
  readonly rows: Int32Array;
  /** Columns of the table; those that were not asked for are null. */
  readonly columns: readonly (Vector | null)[];
}

/** What a table wants to be done. */
export interface FillRules {
  /** Give every change its before-image: the table has an input changelog. */
  readonly beforeImages: boolean;
}

/** Indexes of the columns with MISSING values. */
export function missingColumns(columns: readonly Vector[], rowCount: number): number[] {
  return columns.flatMap((vector, index) => (hasMissing(vector, rowCount) ? [index] : []));
}

function hasMissing(vector: Vector, rowCount: number): boolean {
  const at = vector.validity === null ? -1 : vector.validity.indexOf(MISSING);
  return at >= 0 && at < rowCount;
}

/** The rows whose keys have to be looked up in the table's files, ascending. */
export function rowsToLookUp(log: LogRows, rules: FillRules): Uint32Array {
  const wanted = new Uint8Array(log.rowCount);
  const incomplete = incompleteRows(log);
  for (let row = 0; row < log.rowCount; row++) {
    if (incomplete[row] === 1) {
      const key = baseKeyRow(log, row);
      if (log.previous[key] === NO_ROW && !(key !== row && log.beforeImages[key] === 1)) wanted[key] = 1;
    }
    if (!rules.beforeImages || log.previous[row] !== NO_ROW || log.kinds[row] === UPDATE_BEFORE) continue;
    // An update or delete whose batch brings before-images does not need one; an insert may meet an existing row.
    if (log.kinds[row] === INSERT || log.beforeImages[row] === 0) wanted[row] = 1;
  }
  const rows: number[] = [];
  for (let row = 0; row < log.rowCount; row++) if (wanted[row] === 1) rows.push(row);
  return Uint32Array.from(rows);
}

/** 1 for rows with a MISSING value in any column. */
function incompleteRows(log: LogRows): Uint8Array {
  const incomplete = new Uint8Array(log.rowCount);
  for (const vector of log.columns) {
    if (!hasMissing(vector, log.rowCount)) continue;
    const validity = vector.validity as Uint8Array;
    for (let row = 0; row < log.rowCount; row++) if (validity[row] === MISSING) incomplete[row] = 1;
  }
  return incomplete;
}

/**
 * The row by whose key the base of an incomplete row is found: of an update that changed the key, the -D of the old key
 * directly before it; else the row itself.
 */
function baseKeyRow(log: LogRows, row: number): number {
  const changedKey = log.kinds[row] === INSERT && row > 0 && log.kinds[row - 1] === DELETE;
  return changedKey ? row - 1 : row;
}

/**
 * The states of rows over time. A version is a row of the memtable (below `rowCount`) or of what was found in files
 * (`rowCount` and above).
 */
class Versions {
  private readonly log: LogRows;
  private readonly found: FoundRows;
  /** The version that a row leaves behind; NO_ROW after a -D. */
  private readonly after: Int32Array;

  constructor(log: LogRows, found: FoundRows) {
    this.log = log;
    this.found = found;
    this.after = new Int32Array(log.rowCount);
    for (let row = 0; row < log.rowCount; row++) this.after[row] = log.kinds[row] === DELETE ? NO_ROW : row;
  }

  /** The version of the row's key that the row meets; only for rows with an earlier one or looked up. */
  before(row: number): number {
    const previous = this.log.previous[row];
    if (previous !== NO_ROW) return this.after[previous];
    const found = this.found.rows[row];
    return found === NO_ROW ? NO_ROW : this.log.rowCount + found;
  }

  /** The version that an incomplete row's missing values are those of. */
  base(row: number): number {
    const key = baseKeyRow(this.log, row);
    // A -D that brings the whole old row is the base itself.
    return key !== row && this.log.beforeImages[key] === 1 ? key : this.before(key);
  }
}

/**
 * The memtable's columns without MISSING values; a column that has none is given as it is. Throws `E3300` where a row
 * has no earlier version.
 */
export function fillMissing(log: LogRows, found: FoundRows): Vector[] {
  const versions = new Versions(log, found);
  return log.columns.map((vector, column) => {
    if (!hasMissing(vector, log.rowCount)) return vector;
    return takeVector(withFound(vector, found.columns[column]), sourceRows(log, versions, column));
  });
}

/** For each row of the memtable the version whose value of the column it has. */
function sourceRows(log: LogRows, versions: Versions, column: number): Uint32Array {
  const validity = log.columns[column].validity as Uint8Array;
  const sources = new Uint32Array(log.rowCount);
  for (let row = 0; row < log.rowCount; row++) {
    sources[row] = row;
    if (validity[row] !== MISSING) continue;
    const base = versions.base(row);
    if (base === NO_ROW) {
      throw new TributaryError(
        'E3300',
        `missing value of a row that has no earlier version: column=${log.names[column]}`,
      );
    }
    // A base is an earlier row, so what it was filled from itself is known by now.
    sources[row] = base < log.rowCount ? sources[base] : base;
  }
  return sources;
}

function withFound(vector: Vector, found: Vector | null): Vector {
  return found === null || found.length === 0 ? vector : concatVectors([vector, found]);
}

/** Changes with before-images, in log order. */
export interface CompleteChanges {
  readonly rowCount: number;
  readonly columns: readonly Vector[];
  readonly kinds: Uint8Array;
  /** The memtable row that each change comes from; it has the change's key. */
  readonly origins: Uint32Array;
}

/**
 * Every change with its before-image. An insert of an existing row becomes -U and +U, an update of a row that does not
 * exist +I; a delete of a row that does not exist changes nothing and is left out. `filled` is what `fillMissing` gave.
 */
export function completeChanges(log: LogRows, filled: readonly Vector[], found: FoundRows): CompleteChanges {
  const changes = new ChangeList(2 * log.rowCount);
  const versions = new Versions(log, found);
  for (let row = 0; row < log.rowCount; row++) appendChange(changes, row, log, versions);
  const { kinds, images, origins } = changes.finish();
  const rowCount = kinds.length;
  const unchanged = rowCount === log.rowCount && images.every((image, index) => image === index);
  const columns = unchanged
    ? filled
    : filled.map((vector, column) => takeVector(withFound(vector, found.columns[column]), images));
  return { rowCount, columns, kinds, origins };
}

/** Grows by rows; `images` are versions. */
class ChangeList {
  private readonly kinds: Uint8Array;
  private readonly images: Uint32Array;
  private readonly origins: Uint32Array;
  private count = 0;

  constructor(countMax: number) {
    this.kinds = new Uint8Array(countMax);
    this.images = new Uint32Array(countMax);
    this.origins = new Uint32Array(countMax);
  }

  add(kind: number, image: number, origin: number): void {
    this.kinds[this.count] = kind;
    this.images[this.count] = image;
    this.origins[this.count++] = origin;
  }

  finish(): { readonly kinds: Uint8Array; readonly images: Uint32Array; readonly origins: Uint32Array } {
    const count = this.count;
    return {
      kinds: this.kinds.slice(0, count),
      images: this.images.slice(0, count),
      origins: this.origins.slice(0, count),
    };
  }
}

function appendChange(changes: ChangeList, row: number, log: LogRows, versions: Versions): void {
  const kind = log.kinds[row];
  if (kind === UPDATE_BEFORE || (log.beforeImages[row] === 1 && kind !== INSERT)) {
    changes.add(kind, row, row);
    return;
  }
  const before = versions.before(row);
  if (kind === DELETE) {
    if (before !== NO_ROW) changes.add(DELETE, before, row);
  } else if (before === NO_ROW) {
    changes.add(INSERT, row, row);
  } else {
    changes.add(UPDATE_BEFORE, before, row);
    changes.add(UPDATE_AFTER, row, row);
  }
}
