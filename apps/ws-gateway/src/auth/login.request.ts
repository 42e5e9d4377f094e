import { Text } from '@bus/payload-schemas';

/** Body of `POST /auth/login`. */
export class LoginRequest {
  @Text(150) username!: string;
  @Text(1024) password!: string;
}
