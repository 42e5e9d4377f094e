import { Ajv } from 'ajv';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classRuleOf } from '../rules/class-rule.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { SAMPLE_MESSAGES } from '../samples/sample-messages.ts';
import { validatePayload } from './validate-payload.ts';

/** Values around every edge the rules have; none of them breaks the limits of the whole message. */
const EDGE_NUMBERS = [
  0, -0, 1, -1, 1.5, 60, 90, 90.0001, 100, 100.5, -71, 180, 181, 86_400, 86_401, 1e12, 1.1e12, 2_147_483_647,
  2_147_483_648, 1_767_225_600, 1_767_225_600_000, -1e300, 1e300, -273.15, -274,
];
const EDGE_TEXTS = [
  '',
  ' ',
  'a',
  'ok',
  'high',
  'HIGH',
  'new',
  'failed',
  'critical_alert',
  'low',
  's-1',
  'a/b',
  '42',
  '-42',
  '4.2',
  'x'.repeat(64),
  'x'.repeat(65),
  '😀'.repeat(64),
  '😀'.repeat(65),
  'é\u0007\uFE0F',
  'x'.repeat(129),
  'x'.repeat(2001),
  '2026-01-01T00:00:00.000Z',
  '2026-01-01T00:00:00Z',
  '2026-01-01 00:00',
  '2026-13-01T00:00:00Z',
  '2026-01-01',
  '2026-01-01T00:00:00+05:30',
  '0000-00-00T00:00:00',
  '2026-01-01T24:00:60.123456789-0000',
  'yesterday',
];
const EDGE_VALUES: readonly unknown[] = [
  null,
  undefined,
  true,
  false,
  ...EDGE_NUMBERS,
  ...EDGE_TEXTS,
  [],
  [1],
  {},
  { a: 1 },
  { a: 'b' },
  { lat: 1, lon: 2 },
  { lat: 91, lon: 2 },
  { lat: 1 },
  { lat: '1', lon: 2 },
  Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`r${index}`, index])),
];
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });

/** The sample with one field at a time replaced by each edge value; of a batch, the fields of its first entry too. */
function singleChanges(sample: Record<string, unknown>): Record<string, unknown>[] {
  const changed = [...Object.keys(sample), 'extra'].flatMap((name) =>
    EDGE_VALUES.map((value) => ({ ...sample, [name]: value })),
  );
  if (!('messages' in sample)) return changed;
  const [first] = sample['messages'] as Record<string, unknown>[];
  return [...changed, ...singleChanges(first ?? {}).map((entry) => ({ ...sample, messages: [entry] }))];
}

/** The sample with some fields replaced by edge values, removed or added. */
function broken(sample: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const names = [...Object.keys(sample), 'extra', 'other_id'];
  return fc
    .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...EDGE_VALUES)), { maxLength: names.length })
    .map((changes) => ({ ...sample, ...Object.fromEntries(changes) }));
}

/** A batch is broken inside its first entry. */
function brokenBatch(sample: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const [first] = sample['messages'] as Record<string, unknown>[];
  return fc.oneof(
    broken(sample),
    broken(first ?? {}).map((entry) => ({ ...sample, messages: [first, entry] })),
  );
}

describe.each(SAMPLE_MESSAGES.map(([target, sample]) => ({ name: target.name, target, sample })))(
  '$name',
  ({ target, sample }) => {
    const matchesSchema = ajv.compile(jsonSchemaOf(target));
    const variants = 'messages' in sample ? brokenBatch(sample) : broken(sample);

    it('accepts its sample, and so does its schema', () => {
      expect(validatePayload(target, sample)).toEqual({ ok: true, value: sample });
      expect({ matches: matchesSchema(sample), errors: matchesSchema.errors }).toEqual({
        matches: true,
        errors: null,
      });
    });

    /** Null when class and schema agree; otherwise what each of them says. */
    function disagreement(plain: Record<string, unknown>): unknown {
      const validation = validatePayload(target, plain);
      return validation.ok === matchesSchema(plain)
        ? null
        : { plain, validation, errors: matchesSchema.errors };
    }

    it('has a schema that says the same as the class, for every edge value in every field', () => {
      expect(singleChanges(sample).map(disagreement).filter(Boolean)).toEqual([]);
    });

    it('has a schema that says the same as the class, for any mixture of them', () => {
      fc.assert(
        fc.property(variants, (plain) => {
          expect(disagreement(plain)).toBeNull();
        }),
        { numRuns: 500 },
      );
    });

    it('is checked as class-validator itself would check it', () => {
      const wholeMessage = classRuleOf(target);
      fc.assert(
        fc.property(variants, (plain) => {
          const errors = validateSync(Object.assign(new target(), plain), { forbidUnknownValues: false });
          const accepted = errors.length === 0 && (wholeMessage?.isValid(plain) ?? true);
          expect(validatePayload(target, plain).ok).toBe(accepted);
        }),
        { numRuns: 300 },
      );
    });

    it('never throws and gives a reason for whatever it refuses', () => {
      fc.assert(
        fc.property(fc.oneof(fc.anything(), fc.jsonValue()), (plain) => {
          const validation = validatePayload(target, plain);
          const problems = validation.ok ? [] : validation.problems;
          expect(problems.length > 0).toBe(!validation.ok);
        }),
        { numRuns: 200 },
      );
    });
  },
);
