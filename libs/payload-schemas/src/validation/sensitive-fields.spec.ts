import { describe, expect, it } from 'vitest';
import { IntegerFrom, JsonObject, ListOf, Nested, NumberFrom, Text } from '../rules/rules.ts';
import { Sensitive } from '../rules/sensitive.ts';
import { jsonSchemaOf } from './json-schema.ts';
import { hasSensitiveFields, mapSensitive } from './sensitive-fields.ts';
import { validatePayload } from './validate-payload.ts';

class Card {
  @Sensitive() @Text(19) number!: string;
  @IntegerFrom(1, 12) month!: number;
}
abstract class Person {
  @Sensitive() @Text(100) email!: string;
}
class Guest extends Person {
  @Text(50) name!: string;
  @Nested(() => Card, { optional: true }) card?: Card | null;
}
class Booking {
  @ListOf(() => Guest, 1, 10) guests!: Guest[];
  @Sensitive() @NumberFrom(0, 9_999, 'code', { optional: true }) door_code?: number | null;
  @Sensitive() @JsonObject({ optional: true }) notes?: Record<string, unknown> | null;
}
class Plain {
  @Text(10) text!: string;
}

const booking = () => ({
  guests: [
    { name: 'Ann', email: 'ann@example.org', card: { number: '4111111111111111', month: 3 } },
    { name: 'Bob', email: 'bob@example.org', card: null },
  ],
  door_code: 1234,
});

describe('mapSensitive', () => {
  it('replaces marked fields of nested classes, lists and base classes, and nothing else', () => {
    const seen: string[] = [];
    const message = booking();
    const mapped = mapSensitive(Booking, message, (value, path) => {
      seen.push(`${path}=${String(value)}`);
      return '*';
    });
    expect(seen.toSorted()).toEqual([
      'door_code=1234',
      'guests[0].card.number=4111111111111111',
      'guests[0].email=ann@example.org',
      'guests[1].email=bob@example.org',
    ]);
    expect(mapped).toEqual({
      guests: [
        { name: 'Ann', email: '*', card: { number: '*', month: 3 } },
        { name: 'Bob', email: '*', card: null },
      ],
      door_code: '*',
    });
    expect(message).toEqual(booking());
  });

  it('gives a message without such fields back as it is', () => {
    const message = { text: 'x' };
    expect(mapSensitive(Plain, message, () => '*')).toBe(message);
    expect([hasSensitiveFields(Plain), hasSensitiveFields(Booking)]).toEqual([false, true]);
  });

  it('takes messages that do not fit their class', () => {
    const odd = { guests: ['x', null, [{ email: 1 }], { card: 7 }], notes: 'text' };
    expect(mapSensitive(Booking, odd, () => '*')).toEqual({
      guests: ['x', null, [{ email: '*' }], { card: 7 }],
      notes: '*',
    });
  });
});

describe('a sensitive field', () => {
  it('is marked in the JSON Schema', () => {
    const properties = jsonSchemaOf(Card)['properties'] as Record<string, object>;
    expect(properties['number']).toEqual({
      type: 'string',
      minLength: 1,
      maxLength: 19,
      'x-sensitive': true,
    });
    expect(properties['month']).not.toHaveProperty('x-sensitive');
  });

  it('is refused without its value being repeated', () => {
    const answer = validatePayload(Booking, { ...booking(), door_code: 123_456 });
    expect(answer).toMatchObject({ ok: false, problems: [{ field: 'door_code' }] });
    expect(JSON.stringify(answer)).not.toContain('123456');
  });
});
