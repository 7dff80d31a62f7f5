// A statement in the log.
import { EVENT } from './event-header.ts';
import { inflated } from './rows-event.ts';

/** A statement with the database in which it ran. */
export interface LoggedStatement {
  readonly database: string;
  readonly statement: string;
}

const FIXED_SIZE = 13;

/** Reads the body `bytes[start … end)`. Throws E2033 if a compressed one cannot be read. */
export function readQuery(type: number, bytes: Buffer, start: number, end: number): LoggedStatement {
  const databaseSize = bytes[start + 8];
  const variablesSize = bytes.readUInt16LE(start + 11);
  const database = start + FIXED_SIZE + variablesSize;
  const text = database + databaseSize + 1;
  const statement = bytes.subarray(text, end);
  return {
    database: bytes.toString('utf8', database, database + databaseSize),
    statement: (type === EVENT.queryCompressed ? inflated(statement) : statement).toString('utf8'),
  };
}
