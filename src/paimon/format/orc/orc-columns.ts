// The columns of ORC files: one a node of the types. Source: org.apache.paimon.format.orc.OrcTypeUtil.
import { TributaryError } from '../../../base/errors.ts';
import { type DataField, type DataType, MAX_LENGTH } from '../../schema/data-type.ts';
import { entryTypes } from '../cell.ts';
import type { OrcKind } from './orc-format.ts';

/** Ids of list elements and map values count up from here, those of map keys down (Integer.MAX_VALUE / 4). */
const SYNTHETIC_ID_BASE = 536870911;
const SYNTHETIC_IDS_PER_FIELD = 1024;

/** A column to be written. */
export interface OrcColumn {
  /** Its number in a walk down the tree; the struct of the rows is 0. */
  readonly id: number;
  /** The top-level column that it is of, for errors; of the rows empty. */
  readonly name: string;
  readonly kind: OrcKind;
  readonly type: DataType;
  /** The name of a field in the struct that it is of; else null. */
  readonly fieldName: string | null;
  /** `paimon.id`; null for the rows. */
  readonly fieldId: number | null;
  readonly children: readonly OrcColumn[];
}

/** Where a type stands: the field whose id those of elements derive from, and how deep below it. */
interface Place {
  readonly name: string;
  readonly fieldName: string | null;
  readonly fieldId: number | null;
  readonly ownerId: number;
  readonly depth: number;
}

/** The struct of the rows. Throws `E3210` for a column that ORC cannot hold. */
export function orcColumns(fields: readonly DataField[]): OrcColumn {
  const type: DataType = { kind: 'ROW', nullable: false, fields };
  return new Numbering().column(type, { name: '', fieldName: null, fieldId: null, ownerId: 0, depth: 0 });
}

/** Gives columns their numbers, parents before their children. */
class Numbering {
  private next = 0;

  column(type: DataType, place: Place): OrcColumn {
    const { name, fieldName, fieldId } = place;
    const column = { id: this.next++, name, fieldName, fieldId, type };
    return { ...column, kind: kindOf(type, name), children: this.children(type, place) };
  }

  private children(type: DataType, place: Place): readonly OrcColumn[] {
    switch (type.kind) {
      case 'ARRAY':
        return [this.column(type.element, below(place, 1))];
      case 'MAP':
      case 'MULTISET': {
        const { key, value } = entryTypes(type);
        return [this.column(key, below(place, -1)), this.column(value, below(place, 1))];
      }
      case 'ROW':
        return type.fields.map((field) => this.column(field.type, ofField(field, place.name)));
      default:
        return [];
    }
  }
}

function ofField({ id, name }: DataField, top: string): Place {
  return { name: top === '' ? name : top, fieldName: name, fieldId: id, ownerId: id, depth: 0 };
}

function below({ name, ownerId, depth }: Place, sign: 1 | -1): Place {
  const fieldId = SYNTHETIC_ID_BASE + sign * (ownerId * SYNTHETIC_IDS_PER_FIELD + depth + 1);
  return { name, fieldName: null, fieldId, ownerId, depth: depth + 1 };
}

function kindOf(type: DataType, column: string): OrcKind {
  switch (type.kind) {
    case 'TINYINT':
      return 'BYTE';
    case 'SMALLINT':
      return 'SHORT';
    case 'TIME':
      return 'INT';
    case 'BIGINT':
      return 'LONG';
    case 'VARCHAR':
      return type.length === MAX_LENGTH ? 'STRING' : 'VARCHAR';
    case 'BINARY':
    case 'VARBINARY':
    case 'BLOB':
      return 'BINARY';
    case 'TIMESTAMP_LTZ':
      return 'TIMESTAMP_INSTANT';
    case 'ARRAY':
      return 'LIST';
    case 'MULTISET':
      return 'MAP';
    case 'ROW':
      return 'STRUCT';
    case 'VARIANT':
      throw new TributaryError('E3210', `an ORC file cannot hold VARIANT: column=${column}`);
    default:
      return type.kind;
  }
}
