import { isSensitiveField } from './sensitive-fields.ts';

/** What stands in the place of anything that was taken out. */
export const REDACTED = '[redacted]';

interface SensitivePattern {
  /** A cheap test that must hold for any text the pattern can match; most text fails it and costs nothing more. */
  readonly hint: RegExp;
  readonly clean: (text: string) => string;
}

/*
 * Device text passes through here, so each expression must stay (near) linear on hostile input: every repetition
 * consumes what it matched, starts only where a run of its characters starts (look-behind), or has an upper bound.
 */
const PATTERNS: readonly SensitivePattern[] = [
  {
    hint: /PRIVATE KEY/,
    // An unfinished block (cut off by a length limit) is removed to its end as well.
    clean: (text) =>
      text.replace(
        /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
        REDACTED,
      ),
  },
  {
    hint: /:\/\//,
    clean: (text) =>
      text.includes('@')
        ? text.replace(
            /\b([a-z][a-z0-9+.-]{0,20}):\/\/([^\s"'<>]+)/gi,
            (_url, scheme: string, rest: string) => withoutPassword(scheme, rest),
          )
        : text,
  },
  {
    hint: /eyJ/,
    clean: (text) =>
      text.replace(/(?<![\w-])[\w-]+(?:\.[\w-]*){1,4}/g, (word) => {
        const start = word.indexOf('eyJ');
        return start >= 0 && word.indexOf('.', start) > 0 ? word.slice(0, start) + REDACTED : word;
      }),
  },
  {
    hint: /bearer|basic|digest/i,
    // A credential has a digit or is long; "basic settings" and "bearer of" are prose.
    clean: (text) =>
      text.replace(
        /\b(bearer|basic|digest)(\s{1,4}|%20)(?=[^\s"']{0,64}\d|[^\s"']{20})[^\s"',;]{6,}/gi,
        `$1$2${REDACTED}`,
      ),
  },
  {
    hint: /cookie|authorization/i,
    clean: (text) =>
      text.replace(
        /\b((?:set-)?cookie|(?:proxy-)?authorization)("?\s{0,4}[:=]\s{0,4}"?)[^\r\n"]{1,4096}/gi,
        `$1$2${REDACTED}`,
      ),
  },
  {
    hint: /pass|pwd|secret|token|key/i,
    clean: (text) =>
      text
        // password=…, "client_secret":"…", &access_token=…, passwd: …
        .replace(
          /((?:password|passwd|passphrase|passcode|pwd|secret)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)(?!\[redacted\])[^\s"'&,;}\\]{1,1024}/gi,
          `$1${REDACTED}`,
        )
        // A word such as "token:" also occurs in prose, so what follows must look like a value.
        .replace(
          /((?:token|api[_-]?key|access[_-]?key|private[_-]?key)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)(?!\[redacted\])(?=[^\s"'&,;}\\]{0,256}\d|[^\s"'&,;}\\]{20})[^\s"'&,;}\\]{6,4096}/gi,
          `$1${REDACTED}`,
        )
        // Encryption keys: 32 bytes in base64 or hex, alone or as a list, after key= or keys:
        .replace(
          /(keys?\\?["']?\s{0,4}[:=]\s{0,4}\\?["'[]{0,2})(?:(?:[0-9a-f]{64}|[A-Za-z0-9+/_-]{43}=?)["',\s]{0,4}){1,32}/gi,
          `$1${REDACTED}`,
        ),
  },
  {
    // A field of serialised data inside a text: {"ssn":"…"}, { email: '…' }, {\"phone\":\"…\"}
    hint: /:\s?\\?["'\d]/,
    clean: (text) =>
      text.replace(
        /(?<![\w-])([A-Za-z_][\w-]{0,63})(\\?["']?\s{0,2}:\s{0,2})(?:(\\?["'])(?!\[redacted\])[^"'\\\r\n]{1,4096}|\d{3,32}(?![\w:.-]))/g,
        (field, name: string, colon: string, quote: string | undefined) =>
          isSensitiveField(name) ? `${name}${colon}${quote ?? ''}${REDACTED}` : field,
      ),
  },
  {
    hint: /@/,
    // The user name of a URL is no mail address.
    clean: (text) =>
      text.replace(
        /(?<![\w.%+-])(?<!:\/\/)[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])/g,
        REDACTED,
      ),
  },
  {
    hint: /\d{4}[ -]?\d{4}|3[47]\d{2}[ -]\d{6}/,
    clean: (text) =>
      text.replace(
        /(?<![A-Za-z0-9.])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![A-Za-z0-9]|\.\d)/g,
        (digits) => (isCardNumber(digits.replace(/\D/g, '')) ? REDACTED : digits),
      ),
  },
];

/** The text with every secret that can be recognised by its shape replaced. Text without any is returned as it is. */
export function redactPatterns(text: string): string {
  if (text.length < 8) return text;
  let cleaned = text;
  for (const pattern of PATTERNS) {
    if (pattern.hint.test(cleaned)) cleaned = pattern.clean(cleaned);
  }
  return cleaned;
}

/**
 * A URL without its password. Base64 passwords hold '/', so only in web addresses does the host end there; elsewhere
 * everything up to the last '@' is user name and password.
 */
function withoutPassword(scheme: string, rest: string): string {
  const isWeb = /^(?:https?|wss?)$/i.test(scheme);
  const end = isWeb ? rest.search(/[/?#]|$/) : rest.length;
  const at = rest.lastIndexOf('@', end - 1);
  const colon = rest.indexOf(':');
  const hasPassword = at > 0 && colon >= 0 && colon < at;
  return `${scheme}://${hasPassword ? `${rest.slice(0, colon)}:${REDACTED}${rest.slice(at)}` : rest}`;
}

/** Whether the digits are a payment card number: a known issuer range and a correct Luhn check digit. */
export function isCardNumber(digits: string): boolean {
  // Issuers in use start with 2221-2720, 3, 4, 5 or 6. Epoch times in milliseconds and microseconds start with 1.
  if (!/^(?:2[2-7]|3[0-9]|4|5|6)\d{11,18}$/.test(digits)) return false;
  let sum = 0;
  for (let position = 0; position < digits.length; position++) {
    const digit = digits.charCodeAt(digits.length - 1 - position) - 48;
    const doubled = position % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
