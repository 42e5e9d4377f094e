import { Text } from '@bus/payload-schemas';

/** Body of `POST /api/alerts/:id/acknowledge` and `…/resolve`; may be left out. */
export class AlertChangeRequest {
  @Text(2000, { optional: true, minLength: 0 }) note?: string | null;
}
