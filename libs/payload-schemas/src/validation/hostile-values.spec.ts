import { describe, expect, it } from 'vitest';
import { asStored, hostileMessages } from '../samples/hostile-messages.ts';
import { SAMPLE_MESSAGES } from '../samples/sample-messages.ts';
import { validatePayload } from './validate-payload.ts';

describe.each(SAMPLE_MESSAGES.map(([target, sample]) => ({ name: target.name, target, sample })))(
  'a hostile $name',
  ({ target, sample }) => {
    it('is taken as data or refused by the name of its field, and harms nobody', () => {
      let refused = 0;
      let accepted = 0;
      for (const { field, attack, message } of hostileMessages(target, sample)) {
        const answer = validatePayload(target, message);
        if (answer.ok) {
          accepted += 1;
          const stored: unknown = JSON.parse(JSON.stringify(answer.value));
          expect(stored, `${field}: ${attack}`).toEqual(asStored(message));
        } else {
          refused += 1;
          for (const problem of answer.problems) {
            expect(isAbout(problem.field, field), `${problem.field} for ${field}: ${attack}`).toBe(true);
            expect(problem.reason.length).toBeLessThan(300);
          }
        }
      }
      // Fields that refuse nothing, or everything, would mean that the attacks do not reach them.
      expect(refused).toBeGreaterThan(0);
      expect(accepted).toBeGreaterThan(0);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  },
);

/** Too many entries or levels are noticed inside the field, a rule over the whole message names several fields. */
function isAbout(named: string, attacked: string): boolean {
  return (
    named === attacked ||
    named.startsWith(`${attacked}.`) ||
    named.startsWith(`${attacked}[`) ||
    named.split(' | ').includes(attacked)
  );
}
