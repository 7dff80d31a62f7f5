// Opens the store that settings or a warehouse URI name.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '../base/errors.ts';
import type { FileStore, StoreSettings } from './file-store.ts';
import { LocalFileStore } from './local/local-file-store.ts';

/** Opens the store; in a worker, with the settings that `FileStore.settings` gave. */
export function openStore(settings: StoreSettings): FileStore {
  return new LocalFileStore(settings.rootPath);
}

/** The settings for a warehouse: a `file:` URI or a path of a directory. Throws E3005. */
export function storeSettingsOf(warehouse: string): StoreSettings {
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]+):/.exec(warehouse)?.[1]?.toLowerCase();
  if (scheme === undefined || (process.platform === 'win32' && /^[a-zA-Z]:/.test(warehouse))) {
    if (warehouse === '') throw new TributaryError('E3005', 'warehouse is empty');
    return { kind: 'local', rootPath: resolve(warehouse) };
  }
  if (scheme !== 'file') {
    throw new TributaryError('E3005', `warehouse has a scheme that is not known: scheme=${scheme} known=file`);
  }
  return { kind: 'local', rootPath: localPathOf(warehouse) };
}

function localPathOf(warehouse: string): string {
  try {
    return fileURLToPath(warehouse);
  } catch (error) {
    throw new TributaryError('E3005', 'warehouse is not a file URI of this machine: expected=file:///directory', {
      cause: error,
    });
  }
}
