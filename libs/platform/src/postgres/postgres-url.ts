/** How far the TLS connection to Postgres is checked: not at all, the authority, or the authority and the host name. */
export type PostgresTlsMode = 'off' | 'encrypt' | 'verify-ca' | 'verify-full';

const MODES: Readonly<Record<string, PostgresTlsMode>> = {
  disable: 'off',
  require: 'encrypt',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

/** What is wrong with a DATABASE_URL, or undefined. Never repeats any part of it. */
export function postgresUrlProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return 'must be a URL such as postgresql://user@host:5432/database';
  const { protocol, searchParams } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return 'must begin with postgresql://';
  const mode = searchParams.get('sslmode');
  if (mode !== null && !(mode in MODES)) {
    return `sslmode must be one of ${Object.keys(MODES).join(', ')}`;
  }
  return undefined;
}

/** The TLS mode the settings ask for. A CA file without sslmode means verify-full, and makes `require` check the authority. */
export function tlsModeOf(settings: { DATABASE_URL: string; DATABASE_CA_FILE?: string }): PostgresTlsMode {
  const mode = MODES[new URL(settings.DATABASE_URL).searchParams.get('sslmode') ?? ''];
  if (settings.DATABASE_CA_FILE === undefined) return mode ?? 'off';
  if (mode === undefined) return 'verify-full';
  return mode === 'encrypt' ? 'verify-ca' : mode;
}
