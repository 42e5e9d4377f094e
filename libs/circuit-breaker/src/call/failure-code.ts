const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** What may be kept of an error beside a circuit: its code, else its class. Never its message, which may say anything. */
export function failureCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'UNKNOWN';
  if ('code' in error && typeof error.code === 'string' && CODE.test(error.code)) return error.code;
  const { name } = error.constructor;
  return /^\w{1,64}$/.test(name) ? name : 'UNKNOWN';
}
