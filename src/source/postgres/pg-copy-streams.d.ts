// Types of the parts of pg-copy-streams that are used; the package brings none.
declare module 'pg-copy-streams' {
  import type { Readable } from 'node:stream';
  import type { Submittable } from 'pg';

  /** A COPY … TO STDOUT as a stream of the bytes of the copy; rows may be cut anywhere. */
  export function to(statement: string): Readable & Submittable;
}
