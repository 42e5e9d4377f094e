import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '../processes/find-binary.ts';

const run = promisify(execFile);

export interface Certificates {
  caFile: string;
  certFile: string;
  keyFile: string;
}

/**
 * A private authority and a server certificate for `localhost` and 127.0.0.1, made with openssl in `dir`. Existing
 * files are kept, so clients that were given the authority once go on trusting the server.
 */
export async function createCertificates(
  dir: string,
  options: { days?: number } = {},
): Promise<Certificates> {
  const file = (name: string): string => join(dir, name);
  const certificates = { caFile: file('ca.crt'), certFile: file('server.crt'), keyFile: file('server.key') };
  if (Object.values(certificates).every((path) => existsSync(path))) return certificates;

  const binary = findBinary('openssl');
  const days = options.days ?? 3650;
  const authorityKey = file('ca.key');
  const request = file('server.csr');
  const extensions = file('server.ext');
  writeFileSync(
    extensions,
    'basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n',
  );
  const openssl = (line: string, ...paths: string[]): Promise<unknown> =>
    run(binary, [...line.split(' '), ...paths]);
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  await openssl(
    `req -x509 ${newKey} -days ${days} -subj /CN=message-bus-local-authority`,
    '-keyout',
    authorityKey,
    '-out',
    certificates.caFile,
  );
  await openssl(`req -new ${newKey} -subj /CN=localhost`, '-keyout', certificates.keyFile, '-out', request);
  await openssl(
    `x509 -req -CAcreateserial -days ${days}`,
    '-in',
    request,
    '-CA',
    certificates.caFile,
    '-CAkey',
    authorityKey,
    '-extfile',
    extensions,
    '-out',
    certificates.certFile,
  );
  return certificates;
}
