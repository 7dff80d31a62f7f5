// Where a source is and how to connect to it.

/** How a connection is protected; `prefer` falls back to none where the server has no TLS. */
export interface TlsSettings {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM texts; null where not given. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** The name the certificate must have under `verify-full`; null means the host. */
  readonly servername: string | null;
}

/** Where and as whom to connect. */
export interface ConnectionSettings {
  /** A name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Asked at every connect, so that short-lived passwords work; null if there is none. */
  readonly password: () => Promise<string | null>;
  readonly tls: TlsSettings;
  readonly connectTimeoutMs: number;
}
