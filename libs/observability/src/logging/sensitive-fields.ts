/** Whole field names, without case and separators: `Set-Cookie`, `set_cookie` and `setCookie` are the same. */
const SENSITIVE_FIELDS = new Set([
  // secrets
  'auth',
  'authorization',
  'proxyauthorization',
  'cookie',
  'cookies',
  'setcookie',
  'credential',
  'credentials',
  'jwt',
  'pwd',
  'otp',
  'pin',
  'pincode',
  'session',
  'sessionid',
  'routingkey',
  'channelsroutingkey',
  'encryptionkey',
  'encryptionkeys',
  'channelsencryptionkeys',
  'signingkey',
  'secretkey',
  // payment
  'pan',
  'cardnumber',
  'creditcard',
  'creditcardnumber',
  'cvv',
  'cvc',
  'iban',
  'accountnumber',
  // people
  'email',
  'emailaddress',
  'phone',
  'phonenumber',
  'mobile',
  'mobilenumber',
  'firstname',
  'lastname',
  'fullname',
  'homeaddress',
  'streetaddress',
  'postaladdress',
  'birthdate',
  'dateofbirth',
  'dob',
  'nationalid',
  'passportnumber',
  'ssn',
  'socialsecuritynumber',
]);

/** Endings that make any field a secret: `mqtt_password`, `refreshToken`, `X-API-Key`, `client_secret`. */
const SENSITIVE_ENDINGS =
  /(?:password|passwd|passphrase|passcode|secret|secrets|token|tokens|apikey|apikeys|privatekey|accesskey)$/;

/** Counters and states about tokens and passwords, not the things themselves. */
const HARMLESS_FIELDS = new Set(['maxtokens', 'totaltokens', 'prompttokens', 'completiontokens']);

/** Field names repeat endlessly, so each is judged once. Bounded because devices may invent field names. */
const MAX_REMEMBERED_FIELDS = 5_000;
const judged = new Map<string, boolean>();

/** Whether the value of a field of that name must never be stored or logged. */
export function isSensitiveField(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const plain = name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
  const sensitive =
    SENSITIVE_FIELDS.has(plain) || (SENSITIVE_ENDINGS.test(plain) && !HARMLESS_FIELDS.has(plain));
  if (judged.size < MAX_REMEMBERED_FIELDS && name.length <= 64) judged.set(name, sensitive);
  return sensitive;
}
