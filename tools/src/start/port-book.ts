import { readFileSync } from 'node:fs';
import { freePort, isPortFree } from '@bus/testing';
import { writePrivateFile, type StateDirectory } from './state-directory.ts';

export type PortName = 'redis' | 'mqtt' | 'mqttTls' | 'postgres' | 'noc' | 'metrics';

/** Numbers people know, taken when they are free. */
const PREFERRED: Partial<Record<PortName, number>> = { noc: 8080, metrics: 9464, mqtt: 1883, mqttTls: 8883 };

/** Gives every listener the port it had the last time, as long as nobody else has taken it. */
export class PortBook {
  private constructor(
    private readonly state: StateDirectory,
    private readonly remembered: Partial<Record<PortName, number>>,
  ) {}

  static open(state: StateDirectory): PortBook {
    let remembered: Partial<Record<PortName, number>> = {};
    try {
      remembered = JSON.parse(readFileSync(state.file('ports.json'), 'utf8')) as typeof remembered;
    } catch {
      // The first start, or an unreadable book: ports are simply chosen again.
    }
    return new PortBook(state, remembered);
  }

  async take(name: PortName): Promise<number> {
    const others = Object.entries(this.remembered).filter(([other]) => other !== name);
    for (const candidate of [this.remembered[name], PREFERRED[name]]) {
      const isOurs = !others.some(([, port]) => port === candidate);
      if (candidate !== undefined && isOurs && (await isPortFree(candidate)))
        return this.remember(name, candidate);
    }
    return this.remember(name, await freePort());
  }

  private remember(name: PortName, port: number): number {
    this.remembered[name] = port;
    writePrivateFile(this.state.file('ports.json'), this.remembered);
    return port;
  }
}
