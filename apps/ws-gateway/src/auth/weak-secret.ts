const LEAST_LENGTH = 32;
/** A random text of 32 characters holds about 20 different ones; far fewer was made by hand. */
const LEAST_DISTINCT = 12;
/** Words that only stand in secrets somebody copied or made up. */
const DEMO_WORDS =
  /secret|change[-_ ]?me|demo|passw|example|sample|insecure|default|develop|replace|your[-_ ]|test[-_ ]|letmein|qwerty|12345/i;

/** Whether a signing secret is short, made by hand, or a value people copy from documentation. */
export function isWeakSecret(secret: string): boolean {
  return secret.length < LEAST_LENGTH || new Set(secret).size < LEAST_DISTINCT || DEMO_WORDS.test(secret);
}
