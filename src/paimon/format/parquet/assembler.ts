// Puts columns together from the levels and values of their leaves: the inverse of the shredder.
import type { Validity, Vector } from '../../../column/vector.ts';
import { NULL, PRESENT } from '../../../column/vector.ts';
import { assert } from '../../../base/errors.ts';
import { type ColumnPlan, planLeaves } from './column-plan.ts';
import type { LeafValues } from './leaf-values.ts';
import { corrupt } from '../file-fault.ts';

/** What the nearest repeated node above a plan has; zeros at the top. */
interface Above {
  /** Places of the plan are where the definition level is at least this … */
  readonly definition: number;
  /** … and the repetition level at most this. */
  readonly repetition: number;
}

/** Leaf values by leaf index. */
export type LeafTable = ReadonlyMap<number, LeafValues>;

/** The vector of a top-level column; throws faults of `E3200` and `E3203`. */
export function assembleColumn(plan: ColumnPlan, leaves: LeafTable): Vector {
  return assemble(plan, leaves, { definition: 0, repetition: 0 });
}

function assemble(plan: ColumnPlan, leaves: LeafTable, above: Above): Vector {
  switch (plan.kind) {
    case 'leaf':
      return assembleLeaf(plan, leaves, above);
    case 'struct':
      return assembleStruct(plan, leaves, above);
    default:
      return assembleList(plan, leaves, above);
  }
}

function leafValues(leaves: LeafTable, leafIndex: number): LeafValues {
  const values = leaves.get(leafIndex);
  assert(values !== undefined, 'the leaves of a plan are read before it is put together');
  return values;
}

/** The leaf whose levels tell of the places of a plan: any of its own. */
function witness(plan: ColumnPlan, leaves: LeafTable): LeafValues {
  const [leaf] = planLeaves(plan);
  if (leaf === undefined) throw corrupt('a struct without fields');
  return leafValues(leaves, leaf.leafIndex);
}

/** Validity of a node's places: NULL below its definition level. */
function presenceOf(levels: LeafValues, above: Above, maxDefinition: number): { length: number; validity: Validity } {
  const { definitions, repetitions, levelCount } = levels;
  if (definitions === null && repetitions === null) return { length: levelCount, validity: null };
  const validity = new Uint8Array(levelCount);
  let length = 0;
  let nulls = 0;
  for (let index = 0; index < levelCount; index++) {
    if (repetitions !== null && repetitions[index] > above.repetition) continue;
    const definition = definitions === null ? maxDefinition : definitions[index];
    if (definition < above.definition) continue;
    if (definition < maxDefinition) {
      validity[length] = NULL;
      nulls++;
    }
    length++;
  }
  return { length, validity: nulls === 0 ? null : validity.subarray(0, length) };
}

function assembleLeaf(plan: Extract<ColumnPlan, { kind: 'leaf' }>, leaves: LeafTable, above: Above): Vector {
  const levels = leafValues(leaves, plan.leaf.leafIndex);
  const values = plan.convert(levels.values);
  // In a repeated leaf, levels at most its own repetition are all levels.
  const { length, validity } = presenceOf(levels, above, plan.leaf.maxDefinition);
  if (validity !== null) return spread(values, validity, length);
  if (values.length !== length) throw corrupt('a column has another number of values than its levels say');
  return values;
}

function assembleStruct(plan: Extract<ColumnPlan, { kind: 'struct' }>, leaves: LeafTable, above: Above): Vector {
  const { length, validity } = presenceOf(witness(plan, leaves), above, plan.node.maxDefinition);
  const fields = plan.fields.map((field) => assemble(field, leaves, above));
  if (fields.some((field) => field.length !== length)) throw corrupt('fields of a struct differ in their rows');
  return { kind: 'struct', length, fields, validity };
}

function assembleList(plan: Extract<ColumnPlan, { kind: 'list' | 'map' }>, leaves: LeafTable, above: Above): Vector {
  const { repeated, listDefinition } = plan;
  const levels = witness(plan, leaves);
  const { length, validity } = presenceOf(levels, above, listDefinition);
  const offsets = elementOffsets(levels, above, {
    definition: repeated.maxDefinition,
    repetition: repeated.maxRepetition,
  });
  const below = { definition: repeated.maxDefinition, repetition: repeated.maxRepetition };
  const parts = plan.parts.map((part) => assemble(part, leaves, below));
  if (offsets.length !== length + 1 || parts.some((part) => part.length !== offsets[length])) {
    throw corrupt('parts of a list differ in their elements');
  }
  const [first, second] = parts;
  if (plan.kind === 'list') return { kind: 'list', length, offsets, element: first, validity };
  return { kind: 'map', length, offsets, key: first, value: second, validity };
}

/** Where the elements of each place begin. */
function elementOffsets(levels: LeafValues, above: Above, element: Above): Int32Array {
  const { definitions, repetitions, levelCount } = levels;
  if (repetitions === null) throw corrupt('a list without repetition levels');
  const offsets = new Int32Array(levelCount + 1);
  let places = 0;
  let elements = 0;
  for (let index = 0; index < levelCount; index++) {
    const definition = definitions === null ? element.definition : definitions[index];
    const repetition = repetitions[index];
    if (repetition > element.repetition || definition < above.definition) continue;
    if (repetition <= above.repetition) offsets[places++] = elements;
    if (definition >= element.definition) elements++;
  }
  offsets[places] = elements;
  return offsets.subarray(0, places + 1);
}

/** Moves the present values to their places; what stands at absent places is zero or empty. */
function spread(values: Vector, validity: Uint8Array, length: number): Vector {
  let present = 0;
  for (let row = 0; row < length; row++) if (validity[row] === PRESENT) present++;
  if (present !== values.length) throw corrupt('a column has another number of values than its levels say');
  switch (values.kind) {
    case 'i32':
      return { kind: 'i32', length, values: spreadWords(values.values, validity, length), validity };
    case 'i64':
      return { kind: 'i64', length, values: spreadPairs(values.values, validity, length), validity };
    case 'f32': {
      const words = new Int32Array(values.values.buffer, values.values.byteOffset, values.length);
      return { kind: 'f32', length, values: new Float32Array(spreadWords(words, validity, length).buffer), validity };
    }
    case 'f64': {
      const words = new Int32Array(values.values.buffer, values.values.byteOffset, 2 * values.length);
      return { kind: 'f64', length, values: new Float64Array(spreadPairs(words, validity, length).buffer), validity };
    }
    case 'bytes': {
      const offsets = spreadOffsets(values.offsets, validity, length);
      return { kind: 'bytes', length, offsets, bytes: values.bytes, validity };
    }
    case 'struct':
      // Timestamps of precision above 6.
      return {
        kind: 'struct',
        length,
        fields: values.fields.map((field) => spread(field, validity, length)),
        validity,
      };
    default:
      throw corrupt('a leaf of a nested type');
  }
}

function spreadWords(words: Int32Array, validity: Uint8Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(length);
  for (let row = 0, at = 0; row < length; row++) if (validity[row] === PRESENT) out[row] = words[at++];
  return out;
}

function spreadPairs(words: Int32Array, validity: Uint8Array, length: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(2 * length);
  let at = 0;
  for (let row = 0; row < length; row++) {
    if (validity[row] !== PRESENT) continue;
    out[2 * row] = words[at++];
    out[2 * row + 1] = words[at++];
  }
  return out;
}

function spreadOffsets(offsets: Int32Array, validity: Uint8Array, length: number): Int32Array {
  const out = new Int32Array(length + 1);
  let at = 0;
  out[0] = offsets[0];
  for (let row = 0; row < length; row++) {
    if (validity[row] === PRESENT) at++;
    out[row + 1] = offsets[at];
  }
  return out;
}
