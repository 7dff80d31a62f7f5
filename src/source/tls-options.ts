// What the settings of a source's TLS mean for Node's sockets.
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import type { ConnectionSettings } from './connection-settings.ts';

/** The options of a connection under TLS; false where it is switched off. */
export function tlsOptions({ tls }: ConnectionSettings): ConnectionOptions | false {
  if (tls.mode === 'disable') return false;
  const material = {
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
  };
  const { servername } = tls;
  switch (tls.mode) {
    case 'prefer':
      return { ...material, rejectUnauthorized: false };
    case 'require':
      // As in libpq: with a root certificate it is checked even so.
      return { ...material, rejectUnauthorized: tls.ca !== null, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...material, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      if (servername === null) return { ...material, rejectUnauthorized: true };
      return {
        ...material,
        rejectUnauthorized: true,
        servername,
        checkServerIdentity: (_host, certificate) => checkServerIdentity(servername, certificate),
      };
  }
}
