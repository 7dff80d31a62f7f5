// The entries of maps as the reference gives them from Avro files: it reads each into a Java HashMap.
import { takeVector } from '../../../column/take.ts';
import type { MapVector, Vector } from '../../../column/vector.ts';
import type { DataType } from '../../schema/data-type.ts';
import { cellAt, entryTypes } from '../cell.ts';
import { HashOrdered, hashRule } from '../hash-order.ts';

/** The column with the entries of its maps in the order of a hash map, inside of lists and rows, too. */
export function inHashOrder(type: DataType, vector: Vector): Vector {
  switch (vector.kind) {
    case 'map':
      return orderedMaps(type, vector);
    case 'list':
      return type.kind === 'ARRAY' ? { ...vector, element: inHashOrder(type.element, vector.element) } : vector;
    case 'struct':
      if (type.kind !== 'ROW') return vector;
      return { ...vector, fields: vector.fields.map((field, index) => inHashOrder(type.fields[index].type, field)) };
    default:
      return vector;
  }
}

function orderedMaps(type: DataType, vector: MapVector): Vector {
  const types = entryTypes(type);
  const value = inHashOrder(types.value, vector.value);
  const { offsets, key, length } = vector;
  const rule = hashRule(types.key);
  const order = Uint32Array.from({ length: offsets[length] }, (_, entry) => entry);
  for (let row = 0; row < length; row++) {
    if (offsets[row + 1] - offsets[row] < 2) continue;
    const entries = new HashOrdered<number>();
    for (let entry = offsets[row]; entry < offsets[row + 1]; entry++) {
      const cell = cellAt(types.key, key, entry);
      // Keys that are there twice stay both: the reader of a file drops nothing.
      entries.put(`${entry}`, rule.hashOf(cell), entry);
    }
    order.set(entries.items(), offsets[row]);
  }
  return { ...vector, key: takeVector(key, order), value: takeVector(value, order) };
}
