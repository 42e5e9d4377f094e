import type { SystemUser } from '@bus/testing';
import { CONTAINER_USERS, PREPARED_SERVICES, type PreparedService } from './containers.ts';

const me: SystemUser = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Only root can try the users of the containers; everybody else tries with one user for all. */
export const mayChangeUser = me.uid === 0;

/** Who the files are given to in specs. */
export const ownersHere: Record<PreparedService, SystemUser> = mayChangeUser
  ? CONTAINER_USERS
  : (Object.fromEntries(PREPARED_SERVICES.map((service) => [service, me])) as Record<
      PreparedService,
      SystemUser
    >);
