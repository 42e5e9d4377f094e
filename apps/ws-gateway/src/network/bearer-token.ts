/** The token of an `Authorization: Bearer` header, or undefined for no header or another scheme. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1];
}
