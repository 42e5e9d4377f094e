import type { DeviceTelemetryPayload, SensorStatusPayload, SystemHealthPayload } from '@bus/payload-schemas';
import type { Random } from './random.ts';

/** A value that drifts and is drawn back to its usual level, as temperatures and loads do. */
class Drift {
  private value: number;

  constructor(
    private readonly random: Random,
    private readonly shape: { usual: number; spread: number; low: number; high: number },
  ) {
    this.value = usual(shape, random);
  }

  next(): number {
    const { usual: level, spread, low, high } = this.shape;
    this.value += (level - this.value) * 0.1 + this.random.around() * spread * 0.3;
    this.value = Math.min(high, Math.max(low, this.value));
    return Number(this.value.toFixed(1));
  }
}

function usual(shape: { usual: number; spread: number }, random: Random): number {
  return shape.usual + random.around() * shape.spread;
}

type Readings<P> = () => Omit<P, 'timestamp'>;

/** A radio with a battery that runs down and is swapped when it is nearly empty. */
export function deviceReadings(random: Random): Readings<DeviceTelemetryPayload> {
  let battery = random.between(40, 100);
  const signal = new Drift(random, { usual: -75, spread: 6, low: -115, high: -40 });
  const temperature = new Drift(random, { usual: 31, spread: 3, low: -10, high: 70 });
  return () => {
    battery -= random.between(0, 0.05);
    if (battery < 5) battery = 100;
    const dbm = signal.next();
    return {
      battery: Number(battery.toFixed(1)),
      signal: dbm,
      temperature: temperature.next(),
      connectivity: dbm < -100 ? 'gprs' : 'lte',
    };
  };
}

const SENSOR_KINDS: readonly ((random: Random) => Readings<SensorStatusPayload>)[] = [
  (random) => {
    // Well below 100, which is where the platform raises a fire alarm of its own.
    const smoke = new Drift(random, { usual: 8, spread: 3, low: 0, high: 40 });
    return () => ({ type: 'smoke', value: smoke.next() });
  },
  (random) => () => ({ type: 'door', state: random.chance(0.1) ? 'open' : 'closed' }),
  (random) => () => ({ type: 'motion', state: random.chance(0.15) ? 'motion' : 'still' }),
  (random) => {
    const humidity = new Drift(random, { usual: 55, spread: 5, low: 20, high: 95 });
    return () => ({ type: 'humidity', value: humidity.next() });
  },
];

/** One kind of sensor each, dealt in turn. */
export function sensorReadings(random: Random, index: number): Readings<SensorStatusPayload> {
  const kind = SENSOR_KINDS[index % SENSOR_KINDS.length];
  if (kind === undefined) throw new RangeError(`There is no sensor kind for ${index}.`);
  return kind(random);
}

export function edgeReadings(random: Random, nowMs: () => number): Readings<SystemHealthPayload> {
  const bootedAtMs = nowMs() - random.between(1, 90) * 86_400_000;
  const cpu = new Drift(random, { usual: 35, spread: 10, low: 1, high: 100 });
  const memory = new Drift(random, { usual: 60, spread: 4, low: 20, high: 98 });
  const disk = new Drift(random, { usual: 55, spread: 1, low: 30, high: 95 });
  return () => ({
    cpu: cpu.next(),
    memory: memory.next(),
    disk: disk.next(),
    uptime: Math.round((nowMs() - bootedAtMs) / 1_000),
  });
}
