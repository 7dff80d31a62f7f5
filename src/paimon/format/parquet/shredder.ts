// Turns rows of a column into what its leaves store: values, definition levels and repetition levels.
import type { Validity, Vector } from '../../../column/vector.ts';
import { NULL, PRESENT } from '../../../column/vector.ts';
import { assert, TributaryError } from '../../../base/errors.ts';
import type { LeafNode, SchemaNode } from './parquet-format.ts';
import { INT96 } from './parquet-format.ts';
import type { RowRange } from './value-encoder.ts';

/** What one leaf gets: present values as rows of a vector, and levels; null where all have the highest or no level. */
export interface LeafCells {
  readonly vector: Vector;
  readonly rows: RowRange;
  readonly levelCount: number;
  readonly definitions: Uint8Array | null;
  readonly repetitions: Uint8Array | null;
}

/** Takes the cells of one leaf. */
export type CellSink = (leaf: LeafNode, cells: LeafCells) => void;

/**
 * Shreds the rows of a top-level column. Throws `E3204` for a NULL in a required column and `E9001` for a MISSING
 * value.
 */
export function shredColumn(
  node: SchemaNode,
  column: { readonly vector: Vector; readonly rows: RowRange },
  sink: CellSink,
): void {
  const { vector, rows } = column;
  if (node.kind === 'leaf') {
    shredFlat(node, column, sink);
    return;
  }
  const count = rows.to - rows.from;
  const slots: Slots = { rows: new Int32Array(count), definitions: new Uint8Array(count), repetitions: null };
  for (let index = 0; index < count; index++) {
    slots.rows[index] = rows.order === null ? rows.from + index : rows.order[rows.from + index];
  }
  shredNode(node, { vector, slots }, sink);
}

/** A column without nesting: the common case, without slots. */
function shredFlat(
  leaf: LeafNode,
  { vector, rows }: { readonly vector: Vector; readonly rows: RowRange },
  sink: CellSink,
): void {
  const levelCount = rows.to - rows.from;
  const validity = vector.validity;
  if (validity === null) {
    sink(leaf, { vector, rows, levelCount, definitions: null, repetitions: null });
    return;
  }
  const order = new Uint32Array(levelCount);
  const definitions = new Uint8Array(levelCount);
  let present = 0;
  for (let index = 0; index < levelCount; index++) {
    const row = rows.order === null ? rows.from + index : rows.order[rows.from + index];
    if (validity[row] === PRESENT) {
      order[present++] = row;
      definitions[index] = leaf.maxDefinition;
    } else checkAbsent(validity[row], leaf);
  }
  const allPresent = present === levelCount;
  const kept = { order, from: 0, to: present };
  sink(leaf, { vector, rows: kept, levelCount, definitions: allPresent ? null : definitions, repetitions: null });
}

function checkAbsent(flag: number, node: SchemaNode): void {
  assert(flag === NULL, `a missing value must be filled before it is written: column=${node.name}`);
  if (node.repetition === 'required') {
    throw new TributaryError('E3204', `null in a column that is not null: column=${node.name}`, {
      context: { column: node.name },
    });
  }
}

/**
 * The places of a node: its row in the vector, or -1 where it or something above it is absent; the definition level
 * reached so far; and the repetition level, null while all are 0.
 */
interface Slots {
  readonly rows: Int32Array;
  readonly definitions: Uint8Array;
  readonly repetitions: Uint8Array | null;
}

interface NodeSlots {
  readonly vector: Vector;
  readonly slots: Slots;
}

function shredNode(node: SchemaNode, { vector, slots }: NodeSlots, sink: CellSink): void {
  const present = presence(node, vector.validity, slots);
  if (node.kind === 'leaf') {
    emitLeaf(node, { vector, slots: present }, sink);
    return;
  }
  switch (vector.kind) {
    case 'struct':
      node.children.forEach((child, index) => shredNode(child, { vector: vector.fields[index], slots: present }, sink));
      return;
    case 'list':
      shredList(node.children[0], { offsets: vector.offsets, children: [vector.element], slots: present }, sink);
      return;
    case 'map':
      shredList(
        node.children[0],
        { offsets: vector.offsets, children: [vector.key, vector.value], slots: present },
        sink,
      );
      return;
    default:
      throw new TributaryError('E9001', `a vector does not fit its column: column=${node.name}, kind=${vector.kind}`);
  }
}

/** The slots of a node after its own nulls are taken out. */
function presence(node: SchemaNode, validity: Validity, slots: Slots): Slots {
  const count = slots.rows.length;
  const rows = new Int32Array(count);
  const definitions = slots.definitions.slice();
  for (let index = 0; index < count; index++) {
    const row = slots.rows[index];
    const isPresent = row >= 0 && (validity === null || validity[row] === PRESENT);
    if (isPresent) definitions[index] = node.maxDefinition;
    else if (row >= 0 && validity !== null) checkAbsent(validity[row], node);
    rows[index] = isPresent ? row : -1;
  }
  return { rows, definitions, repetitions: slots.repetitions };
}

interface Elements {
  readonly offsets: Int32Array;
  readonly children: readonly Vector[];
  readonly slots: Slots;
}

/** Goes through the repeated group of a list or map: one slot an element, or one for an absent or empty list. */
function shredList(repeated: SchemaNode, { offsets, children, slots }: Elements, sink: CellSink): void {
  assert(repeated.kind === 'group', `a repeated group is wanted: column=${repeated.name}`);
  const count = slots.rows.length;
  let total = 0;
  for (let index = 0; index < count; index++) {
    const row = slots.rows[index];
    total += row < 0 ? 1 : Math.max(1, offsets[row + 1] - offsets[row]);
  }
  const rows = new Int32Array(total);
  const definitions = new Uint8Array(total);
  const repetitions = new Uint8Array(total);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const row = slots.rows[index];
    const start = row < 0 ? 0 : offsets[row];
    const end = row < 0 ? 0 : offsets[row + 1];
    repetitions[at] = slots.repetitions === null ? 0 : slots.repetitions[index];
    if (start === end) {
      rows[at] = -1;
      definitions[at++] = slots.definitions[index];
      continue;
    }
    for (let element = start; element < end; element++, at++) {
      rows[at] = element;
      definitions[at] = repeated.maxDefinition;
      if (element > start) repetitions[at] = repeated.maxRepetition;
    }
  }
  const below = { rows, definitions, repetitions };
  repeated.children.forEach((child, index) => shredNode(child, { vector: children[index], slots: below }, sink));
}

function emitLeaf(leaf: LeafNode, { vector, slots }: NodeSlots, sink: CellSink): void {
  assert(leaf.physical === INT96 || vector.kind !== 'struct', `a vector does not fit its column: column=${leaf.name}`);
  const levelCount = slots.rows.length;
  const order = new Uint32Array(levelCount);
  let present = 0;
  for (let index = 0; index < levelCount; index++) if (slots.rows[index] >= 0) order[present++] = slots.rows[index];
  sink(leaf, {
    vector,
    rows: { order, from: 0, to: present },
    levelCount,
    definitions: present === levelCount ? null : slots.definitions,
    repetitions: slots.repetitions,
  });
}
