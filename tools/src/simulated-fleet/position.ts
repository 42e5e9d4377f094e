import type { Random } from './random.ts';

export interface Position {
  lat: number;
  lon: number;
}

const METRES_PER_DEGREE = 111_320;
const SITE_RADIUS_METRES = 250;

/** One place per demo client, far enough apart to tell them on a map. */
const SITES: readonly Position[] = [
  { lat: 18.9387, lon: 72.8353 },
  { lat: 18.952, lon: 72.9497 },
  { lat: 28.6519, lon: 77.2315 },
  { lat: 28.5355, lon: 77.391 },
];

export function siteOf(clientIndex: number): Position {
  return SITES[clientIndex % SITES.length] ?? { lat: 0, lon: 0 };
}

/** A fixed place somewhere on the site. */
export function placeOnSite(site: Position, random: Random): Position {
  return moved(site, random.between(-1, 1) * SITE_RADIUS_METRES, random.between(-1, 1) * SITE_RADIUS_METRES);
}

/** Somebody who walks a round: keeps a heading, turns a little at each step, stands at times, turns back at the fence. */
export class Walk {
  private heading: number;
  private standsForMs = 0;

  constructor(
    private readonly site: Position,
    private current: Position,
    private readonly random: Random,
  ) {
    this.heading = random.between(0, 2 * Math.PI);
  }

  get position(): Position {
    return this.current;
  }

  advance(elapsedMs: number): Position {
    if (this.standsForMs > 0) {
      this.standsForMs -= elapsedMs;
      return this.current;
    }
    if (this.random.chance(0.03)) this.standsForMs = this.random.between(10_000, 60_000);
    const metres = (this.random.between(0.8, 1.6) * elapsedMs) / 1_000;
    this.heading += this.random.around() * 0.3;
    const next = moved(this.current, Math.cos(this.heading) * metres, Math.sin(this.heading) * metres);
    if (distanceMetres(next, this.site) > SITE_RADIUS_METRES * 1.4) this.heading += Math.PI;
    else this.current = next;
    return this.current;
  }
}

export function distanceMetres(from: Position, to: Position): number {
  const north = (to.lat - from.lat) * METRES_PER_DEGREE;
  const east = (to.lon - from.lon) * METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}

function moved(from: Position, northMetres: number, eastMetres: number): Position {
  const lat = from.lat + northMetres / METRES_PER_DEGREE;
  const lon = from.lon + eastMetres / (METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180));
  return { lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)) };
}
