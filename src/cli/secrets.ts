// The redactor of this process: everything that is printed goes through it, every configuration adds its secrets.
import { isTributaryError } from '../base/errors.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { parseSourceUrl, type SourceAddress } from '../config/source-url.ts';
import { createRedactor } from './redact.ts';

/** Hides the secrets of all configurations that this process has loaded. */
export const redactor = createRedactor();

/**
 * Adds the passwords of all sources, as they are now. A password that is also a user, a database or the name of this
 * program is no secret to anybody, and hiding it would make every message unreadable.
 */
export function hideSecrets(loaded: LoadedConfig): void {
  for (const [name, source] of Object.entries(loaded.config.sources)) {
    const address = urlAddress(loaded.secret(name, 'url'));
    const open = new Set([source.user, source.database, address?.user, address?.database, name, 'tributary']);
    for (const secret of [loaded.secret(name, 'password'), address?.password ?? null, source.tls.key]) {
      if (secret !== null && !open.has(secret)) redactor.hide(secret);
    }
  }
}

/** The parts of a URL; null where there is none or it cannot be read: that is reported where the source is opened. */
function urlAddress(url: string | null): SourceAddress | null {
  if (url === null) return null;
  try {
    return parseSourceUrl(url, 'url');
  } catch (error) {
    if (isTributaryError(error, 'E1006', 'E1007')) return null;
    throw error;
  }
}
