// What merge engines refuse in rows.
import { TributaryError } from '../../../base/errors.ts';
import type { DataField } from '../../schema/data-type.ts';

/** A -U or -D met a column whose aggregate function cannot take values back. */
export function cannotRetract(field: DataField): TributaryError {
  return new TributaryError(
    'E3361',
    `aggregate function takes no value back: column=${field.name}; fields.${field.name}.ignore-retract=true lets it stay`,
  );
}

/** Arithmetic of an aggregate function has no result. */
export function noResult(field: DataField, reason: string): TributaryError {
  return new TributaryError('E3364', `aggregate has no result: ${reason} column=${field.name}`);
}
