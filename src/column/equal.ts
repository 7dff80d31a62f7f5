// Whether values are the same, NULLs and nested values included.
import { vectorComparator } from './compare.ts';
import { ofKind } from './take.ts';
import { type Vector, validityAt } from './vector.ts';

/** Whether the left row has the value of the right one. */
export type RowEquality = (leftRow: number, rightRow: number) => boolean;

/** Compares rows of several columns of one kind each: NULL is the same as NULL, NaN as NaN; 0.0 is not -0.0. */
export function rowEquality(left: readonly Vector[], right: readonly Vector[]): RowEquality {
  const columns = left.map((vector, index) => vectorEquality(vector, right[index]));
  return (row, other) => columns.every((isEqual) => isEqual(row, other));
}

function vectorEquality(left: Vector, right: Vector): RowEquality {
  const ofValues = valueEquality(left, right);
  if (left.validity === null && right.validity === null) return ofValues;
  return (row, other) => {
    const validity = validityAt(left, row);
    return validity === validityAt(right, other) && (validity !== 0 || ofValues(row, other));
  };
}

function valueEquality(left: Vector, right: Vector): RowEquality {
  switch (left.kind) {
    case 'list': {
      const other = ofKind(right, 'list');
      return spanEquality(left.offsets, other.offsets, vectorEquality(left.element, other.element));
    }
    case 'map': {
      const other = ofKind(right, 'map');
      const keys = vectorEquality(left.key, other.key);
      const values = vectorEquality(left.value, other.value);
      return spanEquality(left.offsets, other.offsets, (row, at) => keys(row, at) && values(row, at));
    }
    case 'struct':
      return rowEquality(left.fields, ofKind(right, 'struct').fields);
    default: {
      const compare = vectorComparator(left, right, 'plain');
      return (row, other) => compare(row, other) === 0;
    }
  }
}

function spanEquality(left: Int32Array, right: Int32Array, ofElements: RowEquality): RowEquality {
  return (row, other) => {
    const count = left[row + 1] - left[row];
    if (count !== right[other + 1] - right[other]) return false;
    for (let index = 0; index < count; index++) {
      if (!ofElements(left[row] + index, right[other] + index)) return false;
    }
    return true;
  };
}
