// Where something is in a file.

/** Some bytes of a file. */
export interface FilePlace {
  readonly offset: number;
  readonly sizeBytes: number;
}
