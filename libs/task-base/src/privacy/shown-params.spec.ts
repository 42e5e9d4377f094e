import { ListOf, Sensitive, Text } from '@bus/payload-schemas';
import { describe, expect, it } from 'vitest';
import { SEALED } from '../admin/sealed-values.ts';
import { defineTask } from '../tasks/define-task.ts';
import type { TaskDefinition } from '../tasks/define-task.ts';
import { shownParams } from './shown-params.ts';

class Guest {
  @Sensitive() @Text(50) note!: string;
}
class PartyParams {
  @Sensitive() @Text(50) code!: string;
  @Text(50) place!: string;
  @ListOf(() => Guest, 0, 5) guests!: Guest[];
}
const CATALOG = [defineTask({ name: 'party', queue: 'default', params: PartyParams })] as TaskDefinition[];

describe('shownParams', () => {
  it('shows no sensitive parameter, whether it lies sealed or open', () => {
    const shown = { code: SEALED, place: 'north', guests: [{ note: SEALED }] };
    const guests = [{ note: 'tulip' }];
    expect(shownParams('party', { code: 'heron', place: 'north', guests }, CATALOG)).toEqual(shown);
    const sealed = { code: { sealed: 'AAAA' }, place: 'north', guests: [{ note: { sealed: 'BBBB' } }] };
    expect(shownParams('party', sealed, CATALOG)).toEqual(shown);
    expect(shownParams('of a newer worker', sealed, CATALOG)).toEqual(shown);
  });

  it('redacts the rest and takes anything', () => {
    expect(shownParams('party', { place: 'password=canary', email: 'x' }, CATALOG)).toEqual({
      place: 'password=[redacted]',
      email: '[redacted]',
    });
    let deep: unknown = { sealed: 'AAAA' };
    for (let level = 0; level < 10_000; level += 1) deep = [deep];
    expect(JSON.stringify(shownParams(undefined, deep, CATALOG))).toContain('[too deep]');
    for (const odd of [null, 'text', 7, [1]]) expect(shownParams('party', odd, CATALOG)).toEqual(odd);
  });
});
