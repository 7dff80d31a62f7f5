// The messages of a connection in COPY: the data to its reader, all else to the driver, however the chunks are cut.
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { CopyFrames } from '../../../../src/source/postgres/copy-frames.ts';

/** A socket with the driver's listener, and what came to whom. */
function connection(): {
  readonly stream: PassThrough;
  readonly frames: CopyFrames;
  readonly data: string[];
  readonly driver: string[];
} {
  const stream = new PassThrough();
  const data: string[] = [];
  const driver: string[] = [];
  stream.on('data', (bytes: Buffer) => driver.push(bytes.toString('latin1')));
  const frames = new CopyFrames({ stream }, (bytes, start, end) => {
    data.push(bytes.toString('latin1', start, end));
  });
  return { stream, frames, data, driver };
}

function message(kind: string, content: string): Buffer {
  const header = Buffer.alloc(5);
  header.write(kind, 'latin1');
  header.writeUInt32BE(4 + content.length, 1);
  return Buffer.concat([header, Buffer.from(content, 'latin1')]);
}

const LOG = Buffer.concat([
  message('H', 'begin'),
  message('d', 'first row'),
  message('d', ''),
  message('N', 'a notice'),
  message('d', 'x'.repeat(300)),
  message('c', ''),
]);

describe('CopyFrames', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 13, 64, 299, 1000])('chunks of %i bytes', (size) => {
    const { stream, data, driver } = connection();
    for (let at = 0; at < LOG.length; at += size) stream.emit('data', LOG.subarray(at, at + size));
    expect(data).toEqual(['first row', '', 'x'.repeat(300)]);
    expect(driver).toEqual(
      [message('H', 'begin'), message('N', 'a notice'), message('c', '')].map((m) => m.toString('latin1')),
    );
  });

  test('after the release the driver gets the bytes as they come, those of a message begun before included', () => {
    const { stream, frames, data, driver } = connection();
    stream.emit('data', LOG.subarray(0, 20));
    frames.release();
    stream.emit('data', LOG.subarray(20));
    expect(data).toEqual([]);
    expect(driver.join('')).toBe(LOG.toString('latin1'));
  });

  test('a release between two messages of one chunk holds from the second on', () => {
    const stream = new PassThrough();
    const driver: string[] = [];
    const data: string[] = [];
    stream.on('data', (bytes: Buffer) => {
      driver.push(bytes.toString('latin1'));
      frames.release();
    });
    const frames = new CopyFrames({ stream }, () => data.push('row'));
    stream.emit('data', Buffer.concat([message('Z', 'ready'), message('d', 'row')]));
    expect(data).toEqual([]);
    expect(driver).toEqual([message('Z', 'ready'), message('d', 'row')].map((bytes) => bytes.toString('latin1')));
  });
});
