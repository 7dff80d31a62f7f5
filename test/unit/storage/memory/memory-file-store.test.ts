import { describe, expect, it } from 'vitest';
import { MemoryFileStore } from '../../../../src/storage/memory/memory-file-store.ts';
import { describeFileStoreContract } from '../../../support/file-store-contract.ts';

describeFileStoreContract('MemoryFileStore', async () => new MemoryFileStore());

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('MemoryFileStore after a crash', () => {
  it('keeps what was said to be durable', async () => {
    const store = new MemoryFileStore();
    await store.create('a', bytesOf('1'));
    await store.replace('b', bytesOf('2'));
    const sink = await store.openWrite('c');
    await sink.close();
    store.crash();
    expect(store.paths()).toEqual(['a', 'b', 'c']);
  });

  it('drops calls under way and open sinks, and brings replaced content back', async () => {
    const store = new MemoryFileStore();
    await store.replace('hint', bytesOf('old'));
    const sink = await store.openWrite('data');
    await sink.write(bytesOf('half'));
    const creating = store.create('snapshot', bytesOf('x'));
    const replacing = store.replace('hint', bytesOf('new'));
    expect(store.paths()).toEqual(['hint', 'snapshot']);
    store.crash();
    expect(store.paths()).toEqual(['hint']);
    expect(new TextDecoder().decode(await store.read('hint'))).toBe('old');
    await expect(creating).rejects.toMatchObject({ code: 'E3004' });
    await expect(replacing).rejects.toMatchObject({ code: 'E3004' });
    await expect(sink.close()).rejects.toMatchObject({ code: 'E3004' });
    expect(store.paths()).toEqual(['hint']);
  });

  it('clones to a store that goes its own way', async () => {
    const store = new MemoryFileStore();
    await store.create('a', bytesOf('1'));
    const copy = store.clone();
    await copy.delete('a');
    expect(store.paths()).toEqual(['a']);
    expect(copy.paths()).toEqual([]);
  });
});
