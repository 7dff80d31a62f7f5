// The driver's connection as we use it after its handshake: commands that hand over the bytes of packets. Rows never
// become objects, and the socket can be paused within a result of any size.
import type { Socket } from 'node:net';
import type mysql from 'mysql2';

/** A packet of the server: its payload is `buffer[offset … end)`, valid during the call. */
export interface RawPacket {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
}

/** A packet to be sent, as the driver wants it. */
interface OutgoingPacket {
  readonly buffer: Buffer;
  length(): number;
  writeHeader(sequenceId: number): void;
}

/** The driver's connection with what its types leave out. */
export type RawConnection = mysql.Connection & {
  readonly stream: Socket;
  addCommand(command: RawCommand): unknown;
  writePacket(packet: OutgoingPacket): void;
  _resetSequenceId(): void;
};

/** One command and its answer. */
export interface RawAnswer {
  /** A packet came; true when it was the last one. What it throws ends the connection. */
  packet(packet: RawPacket): boolean;
  /** The connection ended before the last packet. */
  failed(error: Error): void;
}

const HEADER_SIZE = 4;

/** A command in the driver's queue: calls of the driver, in its words. */
export class RawCommand {
  private readonly payload: Buffer;
  private readonly answer: RawAnswer;
  private sent = false;

  /** `payload` begins with the number of the command. */
  constructor(payload: Buffer, answer: RawAnswer) {
    this.payload = payload;
    this.answer = answer;
  }

  /** Called without a packet when the command's turn has come, then with each packet; true ends the command. */
  execute(packet: RawPacket | undefined, connection: RawConnection): boolean {
    if (this.sent && packet !== undefined) return this.answer.packet(packet);
    this.sent = true;
    connection._resetSequenceId();
    connection.writePacket(outgoing(this.payload));
    return false;
  }

  onResult(error: Error): void {
    this.answer.failed(error);
  }
}

function outgoing(payload: Buffer): OutgoingPacket {
  const buffer = Buffer.concat([Buffer.alloc(HEADER_SIZE), payload]);
  return {
    buffer,
    length: () => buffer.length,
    writeHeader: (sequenceId) => {
      buffer.writeUIntLE(payload.length, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}

/** An error that the server answered. */
export class ServerError extends Error {
  /** The server's number, such as 1236. */
  readonly number: number;

  constructor(number: number, message: string) {
    super(message);
    this.name = 'ServerError';
    this.number = number;
  }
}

const ERROR = 0xff;
const END = 0xfe;
const END_SIZE_MAX = 9;

/** The server's error in the packet; null if it is none. */
export function serverError({ buffer, offset, end }: RawPacket): ServerError | null {
  if (buffer[offset] !== ERROR) return null;
  const state = buffer[offset + 3] === 0x23 ? 6 : 0;
  return new ServerError(buffer.readUInt16LE(offset + 1), buffer.toString('utf8', offset + 3 + state, end));
}

/** The packet says that there is no more. */
export function isEnd({ buffer, offset, end }: RawPacket): boolean {
  return buffer[offset] === END && end - offset < END_SIZE_MAX;
}
