// The answer to a query in the text protocol, packet by packet: column names, then rows as bytes.
import { isEnd, type RawAnswer, type RawPacket, ServerError, serverError } from './raw-connection.ts';

const QUERY_COMMAND = 0x03;
const NULL_FIELD = 0xfb;
const OK_MARK = 0x00;

/** What becomes of a result. */
export interface ResultConsumer {
  /** The fields of a row are at `buffer[offset … end)`, each with its length before it. */
  row(packet: RawPacket): void;
  done(): void;
  failed(error: Error): void;
}

/** The payload of a query. */
export function queryPayload(statement: string): Buffer {
  return Buffer.concat([Buffer.from([QUERY_COMMAND]), Buffer.from(statement, 'utf8')]);
}

/** Reads one result set, or the answer of a statement without one. */
export class QueryResult implements RawAnswer {
  /** Names of the columns, known when the first row comes. */
  readonly names: string[] = [];
  private readonly consumer: ResultConsumer;
  private state: 'head' | 'columns' | 'rows' = 'head';

  constructor(consumer: ResultConsumer) {
    this.consumer = consumer;
  }

  packet(packet: RawPacket): boolean {
    const error = serverError(packet);
    if (error !== null) {
      this.consumer.failed(error);
      return true;
    }
    switch (this.state) {
      case 'head':
        if (packet.buffer[packet.offset] === OK_MARK) return this.end();
        if (packet.buffer[packet.offset] === NULL_FIELD) throw new ServerError(0, 'the server asks for a file');
        this.state = 'columns';
        return false;
      case 'columns':
        if (isEnd(packet)) this.state = 'rows';
        else this.names.push(columnName(packet));
        return false;
      case 'rows':
        if (isEnd(packet)) return this.end();
        this.consumer.row(packet);
        return false;
    }
  }

  failed(error: Error): void {
    this.consumer.failed(error);
  }

  private end(): boolean {
    this.consumer.done();
    return true;
  }
}

/** Reads the fields of a row one after the other. */
export class FieldReader {
  /** Where the field that was read last stands; `start` is -1 for NULL. */
  start = 0;
  end = 0;
  private buffer: Buffer;
  private at: number;

  constructor(packet: RawPacket) {
    this.buffer = packet.buffer;
    this.at = packet.offset;
  }

  /** Begins with another row. */
  reset(packet: RawPacket): void {
    this.buffer = packet.buffer;
    this.at = packet.offset;
  }

  /** Reads the next field. */
  next(): void {
    const { buffer } = this;
    const first = buffer[this.at++];
    if (first === NULL_FIELD) {
      this.start = -1;
      return;
    }
    let size = first;
    if (first > NULL_FIELD) {
      const width = first === 0xfc ? 2 : first === 0xfd ? 3 : 6;
      size = buffer.readUIntLE(this.at, width);
      this.at += first === 0xfe ? 8 : width;
    }
    this.start = this.at;
    this.end = this.at + size;
    this.at = this.end;
  }

  /** The next field as text; null for NULL. */
  text(): string | null {
    this.next();
    return this.start < 0 ? null : this.buffer.toString('utf8', this.start, this.end);
  }
}

/** The alias of a column definition: its fifth field. */
function columnName(packet: RawPacket): string {
  const fields = new FieldReader(packet);
  for (let index = 0; index < 4; index++) fields.next();
  return fields.text() ?? '';
}
