import { EventEmitter, once } from 'node:events';

import { io, type Socket } from 'socket.io-client';

export interface Position {
  readonly group: string;
  readonly epoch: string;
  readonly offset: string;
}

export interface AlertEvent {
  readonly type: string;
  readonly group: string;
  readonly epoch: string;
  readonly offset: string;
  readonly data: {
    readonly alert_id: number;
    readonly message_id: string;
    readonly [field: string]: unknown;
  };
}

export interface Subscribed {
  readonly groups: readonly (Position & { readonly result: string; readonly replayed: number })[];
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const ALERT_EVENTS = ['alert_notification', 'critical_alert'];

/** Logs in over HTTP. @returns the short-lived token and the session cookie */
export async function logIn(
  gatewayUrl: string,
  credentials: Credentials,
): Promise<{ token: string; cookie: string }> {
  const response = await fetch(new URL('/auth/login', gatewayUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gatewayUrl },
    body: JSON.stringify(credentials),
  });
  if (!response.ok) throw new Error(`login refused: ${response.status} ${await response.text()}`);
  const { token } = (await response.json()) as { token: string };
  return {
    token,
    cookie: response.headers
      .getSetCookie()
      .map((it) => it.split(';')[0])
      .join('; '),
  };
}

/**
 * An operator's screen without a browser. It keeps what arrived, in the order of arrival, and its position in each
 * group; when its gateway is gone it goes on at the next one from where it was.
 */
export class Operator {
  /** Alerts of the NOC group, in the order of arrival. */
  readonly alerts: AlertEvent[] = [];
  /** Every envelope, in the order of arrival. */
  readonly events: AlertEvent[] = [];
  readonly subscriptions: Subscribed[] = [];
  readonly #gatewayUrls: readonly string[];
  readonly #token: string;
  readonly #positions = new Map<string, Position>();
  readonly #changes = new EventEmitter<{ subscribed: [Subscribed] }>();
  #gateway = 0;
  #socket: Socket | undefined;
  #isClosed = false;

  private constructor(gatewayUrls: readonly string[], token: string) {
    this.#gatewayUrls = gatewayUrls;
    this.#token = token;
  }

  /** Logs in at the first gateway and resolves when it is subscribed there. */
  static async connect(gatewayUrls: readonly string[], credentials: Credentials): Promise<Operator> {
    const { token } = await logIn(gatewayUrls[0]!, credentials);
    const operator = new Operator(gatewayUrls, token);
    operator.#open();
    await once(operator.#changes, 'subscribed');
    return operator;
  }

  get messageIds(): string[] {
    return this.alerts.map(({ data }) => data.message_id);
  }

  /** Sends a client event. @returns the gateway's acknowledgement */
  async request(event: string, payload: object): Promise<{ ok: boolean; [field: string]: unknown }> {
    return (await this.#socket!.timeout(10_000).emitWithAck(event, payload)) as { ok: boolean };
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.disconnect();
  }

  #open(): void {
    const url = this.#gatewayUrls[this.#gateway % this.#gatewayUrls.length]!;
    const socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      auth: { token: this.#token, deviceId: 'e2e', resume: [...this.#positions.values()] },
    });
    this.#socket = socket;
    socket.on('subscribed', (subscribed: Subscribed) => {
      for (const { group, epoch, offset } of subscribed.groups) {
        if (!this.#positions.has(group)) this.#positions.set(group, { group, epoch, offset });
      }
      this.subscriptions.push(subscribed);
      this.#changes.emit('subscribed', subscribed);
    });
    socket.onAny((type: string, event: AlertEvent) => this.#onEvent(type, event));
    const goOn = (): void => {
      if (this.#isClosed || this.#socket !== socket) return;
      socket.disconnect();
      this.#gateway += 1;
      setTimeout(() => this.#open(), 100);
    };
    socket.on('disconnect', goOn);
    socket.on('connect_error', goOn);
  }

  #onEvent(type: string, event: AlertEvent): void {
    const { group, epoch, offset } = event;
    if (group === undefined || offset === undefined) return;
    this.#positions.set(group, { group, epoch, offset });
    this.events.push(event);
    if (group === 'noc_dashboard' && ALERT_EVENTS.includes(type)) this.alerts.push(event);
  }
}
