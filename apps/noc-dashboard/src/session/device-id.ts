const KEY = 'noc.device-id';

let remembered: string | null = null;

/** A name for this browser that outlives the session. It is no secret; tokens are bound to it. */
export function deviceId(): string {
  remembered ??= readStored() ?? createAndStore();
  return remembered;
}

function readStored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // Storage is switched off: the name then lasts as long as the page.
    return null;
  }
}

function createAndStore(): string {
  // Not crypto.randomUUID: it is missing where the page is served without TLS from another machine.
  const id = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  try {
    localStorage.setItem(KEY, id);
  } catch {
    return id;
  }
  return id;
}
