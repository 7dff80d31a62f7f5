// Fills column builders from the streams of a stripe: one filler a column, made for its type and the wanted one.
import type { ListBuilder, MapBuilder, StructBuilder, VectorBuilder } from '../../../column/builder.ts';
import { NULL } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { entryTypes } from '../cell.ts';
import { corrupt, FileFault } from '../file-fault.ts';
import { type OrcType, STREAM } from './orc-format.ts';
import { scalarStep } from './scalar-step.ts';
import type { StripeStreams } from './stripe-streams.ts';

/** Rows of a builder: the next ones. */
export interface RowSpan {
  readonly from: number;
  readonly to: number;
  /** Of `from` on, not 0 where a row has no value in the streams; null where all have one. */
  readonly absent: Uint8Array | null;
}

/** Reads the values of the rows into a builder. */
export type Filler = (rows: RowSpan) => void;

/** Elements are read so many at a time, so that no more is made room for than streams turn out to hold. */
const SLICE = 4096;
/** Elements of a batch: lists of nothing take no bytes and are bounded by this alone. */
const ELEMENTS_MAX = 1 << 26;

/** The filler of a builder from a column. Throws faults of `E3202` where types do not fit, and of `E3200`. */
export function columnFiller(
  stored: OrcType,
  wanted: DataType,
  { builder, streams }: { readonly builder: VectorBuilder; readonly streams: StripeStreams },
): Filler {
  const present = streams.present(stored);
  const fill = valueFiller(stored, wanted, { builder, streams });
  return ({ from, to, absent }) => {
    if (to === from) return;
    builder.reserve(to - 1);
    if (present === null) {
      fill({ from, to, absent });
      return;
    }
    const flags = new Uint8Array(to - from);
    for (let index = 0; index < flags.length; index++) {
      flags[index] = absent !== null && absent[index] !== 0 ? 1 : 1 - present.next();
    }
    fill({ from, to, absent: flags });
  };
}

interface FillerParts<Builder extends VectorBuilder = VectorBuilder> {
  readonly builder: Builder;
  readonly streams: StripeStreams;
}

function valueFiller(stored: OrcType, wanted: DataType, { builder, streams }: FillerParts): Filler {
  const step = scalarStep(stored, wanted, { builder, streams });
  if (step !== null) return (rows) => eachRow(rows, builder, step);
  if (builder.kind === 'list' && stored.kind === 'LIST' && wanted.kind === 'ARRAY') {
    return listFiller(stored, wanted.element, { builder, streams });
  }
  if (builder.kind === 'map' && stored.kind === 'MAP') return mapFiller(stored, wanted, { builder, streams });
  if (builder.kind === 'struct' && stored.kind === 'STRUCT') return structFiller(stored, wanted, { builder, streams });
  throw misfit(stored, wanted);
}

function misfit(stored: OrcType, wanted: DataType): FileFault {
  return new FileFault(
    'E3202',
    `a column of the file does not hold the wanted type: stored=${stored.kind}, type=${wanted.kind}`,
  );
}

function eachRow({ from, to, absent }: RowSpan, builder: VectorBuilder, step: (row: number) => void): void {
  if (absent === null) {
    for (let row = from; row < to; row++) step(row);
    return;
  }
  for (let row = from; row < to; row++) {
    if (absent[row - from] === 0) step(row);
    else builder.setAbsent(row, NULL);
  }
}

function listFiller(stored: OrcType, element: DataType, { builder, streams }: FillerParts<ListBuilder>): Filler {
  const lengths = streams.integers(stored, STREAM.length, false);
  const fill = columnFiller(stored.children[0], element, { builder: builder.element, streams });
  return (rows) => {
    const start = builder.elementCount;
    eachRow(rows, builder, (row) => {
      builder.elementCount = elementsAfter(builder.elementCount, lengths.nextLength());
      builder.endRow(row);
    });
    inSlices(start, builder.elementCount, fill);
  };
}

function mapFiller(stored: OrcType, wanted: DataType, { builder, streams }: FillerParts<MapBuilder>): Filler {
  const types = entryTypes(wanted);
  const [key, value] = stored.children;
  const lengths = streams.integers(stored, STREAM.length, false);
  const fillKeys = columnFiller(key, types.key, { builder: builder.key, streams });
  const fillValues = columnFiller(value, types.value, { builder: builder.value, streams });
  return (rows) => {
    const start = builder.entryCount;
    eachRow(rows, builder, (row) => {
      builder.entryCount = elementsAfter(builder.entryCount, lengths.nextLength());
      builder.endRow(row);
    });
    inSlices(start, builder.entryCount, fillKeys);
    inSlices(start, builder.entryCount, fillValues);
  };
}

function elementsAfter(before: number, count: number): number {
  if (before + count > ELEMENTS_MAX) throw corrupt('lists have too many elements');
  return before + count;
}

function inSlices(start: number, end: number, fill: Filler): void {
  for (let from = start; from < end; from += SLICE) fill({ from, to: Math.min(end, from + SLICE), absent: null });
}

function structFiller(stored: OrcType, wanted: DataType, { builder, streams }: FillerParts<StructBuilder>): Filler {
  const fillers = structFields(wanted).map(({ name, type }, index) => {
    const child = stored.children[stored.fieldNames.indexOf(name)];
    if (child === undefined) throw new FileFault('E3202', `a field is not in the file: field=${name}`);
    return columnFiller(child, type, { builder: builder.fields[index], streams });
  });
  return (rows) => {
    const { from, to, absent } = rows;
    if (absent !== null) {
      for (let row = from; row < to; row++) if (absent[row - from] !== 0) builder.setAbsent(row, NULL);
    }
    // The fields of a struct that is NULL have no values in their streams either.
    for (const fill of fillers) fill(rows);
  };
}

/** The fields of a type that a struct holds. */
function structFields(wanted: DataType): readonly { readonly name: string; readonly type: DataType }[] {
  if (wanted.kind === 'ROW') return wanted.fields;
  if (wanted.kind !== 'VARIANT') return [];
  return ['value', 'metadata'].map((name) => ({ name, type: { kind: 'BLOB', nullable: false } }));
}

/** The columns that are read for a type: the stored one and what is wanted below. */
export function columnsRead(stored: OrcType, wanted: DataType): readonly number[] {
  switch (stored.kind) {
    case 'LIST':
      return wanted.kind === 'ARRAY' ? [stored.id, ...columnsRead(stored.children[0], wanted.element)] : [stored.id];
    case 'MAP': {
      if (wanted.kind !== 'MAP' && wanted.kind !== 'MULTISET') return [stored.id];
      const { key, value } = entryTypes(wanted);
      return [stored.id, ...columnsRead(stored.children[0], key), ...columnsRead(stored.children[1], value)];
    }
    case 'STRUCT':
      return structFields(wanted).reduce<readonly number[]>(
        (ids, { name, type }) => {
          const child = stored.children[stored.fieldNames.indexOf(name)];
          return child === undefined ? ids : [...ids, ...columnsRead(child, type)];
        },
        [stored.id],
      );
    default:
      return [stored.id];
  }
}
