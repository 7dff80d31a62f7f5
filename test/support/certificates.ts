// Certificates for tests of TLS, made by openssl when they are needed: no private key stands in the repository.
import { execFileSync } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount } from '../../src/cli/demo/server-account.ts';
import { tempDir } from './temp-dir.ts';

/** An authority and a server's certificate that it has signed, for one name. */
export interface TestCertificates {
  /** PEM text of the authority. */
  readonly ca: string;
  /** Files that PostgreSQL reads; as root they belong to its account. */
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes an authority and a certificate for the DNS name. Needs openssl. */
export function testCertificates(name: string): TestCertificates {
  const directory = tempDir();
  const file = (base: string): string => join(directory, base);
  const openssl = (command: string): void => {
    execFileSync('openssl', command.split(' '), { cwd: directory, stdio: 'pipe' });
  };
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(`req -x509 ${key} -days 2 -subj /CN=authority.test -keyout ca.key -out ca.crt`);
  openssl(`req -new ${key} -subj /CN=${name} -keyout server.key -out server.csr`);
  writeFileSync(file('extensions'), `subjectAltName=DNS:${name}\n`);
  openssl(
    'x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.crt',
  );
  const account = serverAccount();
  if (account !== undefined)
    for (const base of ['.', 'server.crt', 'server.key']) chownSync(file(base), account.uid, account.gid);
  return { ca: readFileSync(file('ca.crt'), 'utf8'), certFile: file('server.crt'), keyFile: file('server.key') };
}
