import type { PayloadClass } from '../rules/rule.ts';
import { isPlainObject } from '../rules/rules.ts';
import { classPlan } from '../validation/class-plan.ts';
import { storableText } from '../validation/payload-guards.ts';

/** A valid message but for one field, which holds something meant to do harm. */
export interface HostileMessage {
  /** The path of that field, spelt as in a refusal. */
  readonly field: string;
  readonly attack: string;
  readonly message: Record<string, unknown>;
}

const TEXTS: Readonly<Record<string, string>> = {
  'SQL that ends a statement': "'; DROP TABLE users; --",
  'SQL that is always true': "' OR '1'='1",
  'a SQL parameter': '$1::text',
  'a backslash before a quote': "\\'; SELECT pg_sleep(9); --",
  NUL: 'a\0b',
  'an escaped NUL': '\\u0000',
  'control characters': '\u0001\u0007\b\t\n\r\u001b[31m\u007f',
  'half a surrogate pair': 'a\ud800b',
  'text that runs backwards': '\u202egnp.exe',
  markup: '<img src=x onerror=alert(1)>',
  'a template': '${7*7} {{7*7}} %s %n',
  'a command for Redis': '\r\n*1\r\n$8\r\nFLUSHALL\r\n',
  'a header': 'x\r\nSet-Cookie: sid=1',
  'a path': '../../../etc/passwd',
  'a wildcard': '+/#',
  'a hash tag': '{critical}:x',
  'not a number': 'NaN',
  'a number as text': '1e999',
  'a prototype by name': '__proto__',
  'a megabyte': 'x'.repeat(1_048_576),
};

const deeper = (wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < 10_000; level += 1) value = wrap(value);
  return value;
};

let madeAttacks: readonly (readonly [string, unknown])[] | undefined;

/** Values by what they try, made when they are first asked for: some are large. */
function attacks(): readonly (readonly [string, unknown])[] {
  madeAttacks ??= [
    ...Object.entries(TEXTS),
    ['nothing', null],
    ['true', true],
    ['zero below zero', -0],
    ['a huge number', 1e308],
    ['a huge negative number', -1e308],
    ['a number beyond whole numbers', 2 ** 53],
    ['a tiny number', 5e-324],
    ['infinity', Infinity],
    ['no number', NaN],
    ['an empty list', []],
    ['a list', [[1], 'x', null]],
    ['an empty object', {}],
    ['an object of hostile texts', objectOf(TEXTS)],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an object with a prototype', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['an object with a constructor', { constructor: { prototype: { polluted: true } } }],
    ['an object 10 000 levels deep', deeper((inner) => ({ a: inner }))],
    ['a list 10 000 levels deep', deeper((inner) => [inner])],
    ['a list of 2 million', Array.from({ length: 2_000_000 }, () => 0)],
    ['a field name of a thousand characters', { ['k'.repeat(1_000)]: 1 }],
  ];
  return madeAttacks;
}

/** Short hostile texts as names and as values: what a field for any JSON lets through. */
function objectOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  const short = Object.values(texts).filter((text) => text.length < 100 && text !== '__proto__');
  return Object.fromEntries(short.map((text) => [text, text]));
}

/**
 * Every field of the class filled with every hostile value in turn, nested classes and the first item of each list included, and
 * one field the class does not know. Taken from the rules of the class, so a new field is attacked without being named here.
 */
export function* hostileMessages(
  target: PayloadClass,
  sample: Record<string, unknown>,
): Generator<HostileMessage> {
  for (const [path, fill] of fieldsOf(target, sample, '', (message) => message)) {
    for (const [attack, value] of attacks()) yield { field: path, attack, message: fill(value) };
  }
  for (const [attack, value] of attacks()) {
    yield { field: 'unknown_field', attack, message: { ...sample, unknown_field: value } };
  }
}

type Fill = (value: unknown) => Record<string, unknown>;

function* fieldsOf(
  target: PayloadClass,
  sample: Record<string, unknown>,
  path: string,
  within: (part: Record<string, unknown>) => Record<string, unknown>,
): Generator<[path: string, fill: Fill]> {
  for (const { name, nested } of classPlan(target).fields) {
    const fill: Fill = (value) => within({ ...sample, [name]: value });
    yield [path + name, fill];
    const inner = sample[name];
    if (nested === undefined) continue;
    if (Array.isArray(inner) && isPlainObject(inner[0])) {
      const [first, ...rest] = inner as [Record<string, unknown>];
      yield* fieldsOf(nested.of(), first, `${path}${name}[0].`, (part) => fill([part, ...rest]));
    } else if (isPlainObject(inner)) {
      yield* fieldsOf(nested.of(), inner, `${path}${name}.`, fill);
    }
  }
}

/** What an accepted message must be wherever it is stored: itself, as JSON, with text no store can hold made visible. */
export function asStored(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(asStored);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [storableText(name), asStored(field)]),
  );
}
