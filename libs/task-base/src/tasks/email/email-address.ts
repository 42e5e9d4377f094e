import { domainToASCII } from 'node:url';

/** Why an address is not written to. */
export type AddressProblem =
  'syntax' | 'too_long' | 'domain_denied' | 'domain_not_allowed' | 'refused_by_server';

/** Which domains a task may write to. A listed domain covers its subdomains; `deny` is stronger than `allow`. */
export interface DomainRules {
  /** @default every domain */
  readonly allow?: readonly string[];
  /** @default none */
  readonly deny?: readonly string[];
}

/** RFC 5321, 4.5.3.1, in octets. */
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;

/** The rule of the HTML standard for `<input type=email>`, and at least one dot in the domain: no mail leaves the house without. */
const ADDRESS =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$/;

/** Dots of the part before the @ stand between other characters (RFC 5322, dot-atom), which the HTML standard leaves out. */
const STRAY_DOT = /^\.|\.\.|\.@/;

/** The end of an IP address, which the HTML standard takes for a domain. */
const NUMERIC_END = /\.\d+$/;

/** An address in the form it is written to, or what is wrong with it. Quoted names, display names and IP addresses are refused. */
export function checkAddress(
  text: string,
  rules: DomainRules = {},
): { readonly email: string } | { readonly problem: AddressProblem } {
  if (text.length > MAX_ADDRESS) return { problem: 'too_long' };
  const at = text.lastIndexOf('@');
  const domain = asciiDomain(text.slice(at + 1));
  const email = `${text.slice(0, at + 1)}${domain}`;
  if (!ADDRESS.test(email) || STRAY_DOT.test(email) || NUMERIC_END.test(email)) return { problem: 'syntax' };
  if (at > MAX_LOCAL_PART || email.length > MAX_ADDRESS) return { problem: 'too_long' };
  if (covers(rules.deny ?? [], domain)) return { problem: 'domain_denied' };
  if (rules.allow !== undefined && !covers(rules.allow, domain)) return { problem: 'domain_not_allowed' };
  return { email };
}

/** `Bücher.example` is `xn--bcher-kva.example` on its way. */
function asciiDomain(domain: string): string {
  // Only foreign words: the conversion also drops line breaks, resolves percent signs and completes short IP addresses.
  const isForeign = /^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) && /[^\x20-\x7e]/.test(domain);
  return isForeign ? domainToASCII(domain) : domain.toLowerCase();
}

function covers(domains: readonly string[], domain: string): boolean {
  return domains.some((listed) => {
    const plain = asciiDomain(listed);
    return domain === plain || domain.endsWith(`.${plain}`);
  });
}
