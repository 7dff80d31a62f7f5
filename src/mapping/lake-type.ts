// Source value types to Paimon data types, one to one.
import type { ValueType } from '../change/value-type.ts';
import { MAX_LENGTH, type DataType } from '../paimon/schema/data-type.ts';

/** The lake's type for values of a source; the vectors of both are the same. */
export function lakeType(type: ValueType, nullable: boolean): DataType {
  switch (type.kind) {
    case 'boolean':
      return { kind: 'BOOLEAN', nullable };
    case 'int8':
      return { kind: 'TINYINT', nullable };
    case 'int16':
      return { kind: 'SMALLINT', nullable };
    case 'int32':
      return { kind: 'INT', nullable };
    case 'int64':
      return { kind: 'BIGINT', nullable };
    case 'float32':
      return { kind: 'FLOAT', nullable };
    case 'float64':
      return { kind: 'DOUBLE', nullable };
    case 'string':
      return { kind: 'VARCHAR', length: MAX_LENGTH, nullable };
    case 'bytes':
      return { kind: 'VARBINARY', length: MAX_LENGTH, nullable };
    case 'date':
      return { kind: 'DATE', nullable };
    case 'decimal':
      return { kind: 'DECIMAL', precision: type.precision, scale: type.scale, nullable };
    case 'time':
      return { kind: 'TIME', precision: 3, nullable };
    case 'timestamp':
      return { kind: 'TIMESTAMP', precision: 6, nullable };
    case 'timestamptz':
      return { kind: 'TIMESTAMP_LTZ', precision: 6, nullable };
    case 'array':
      return { kind: 'ARRAY', element: lakeType(type.element, true), nullable };
  }
}
