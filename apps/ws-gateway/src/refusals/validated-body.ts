import { validatePayload, type PayloadClass } from '@bus/payload-schemas';
import { Refusal } from './refusal.ts';

/** The body of a request as the class describes it. @throws Refusal `malformed` that names the field. */
export function validatedBody<T extends object>(target: PayloadClass<T>, body: unknown): T {
  const validation = validatePayload(target, body);
  if (validation.ok) return validation.value;
  const [problem] = validation.problems;
  throw new Refusal('malformed', `${problem?.field ?? 'body'} ${problem?.reason ?? 'is wrong'}`, {
    field: problem?.field ?? 'body',
  });
}
