import type { Store } from '../state/store.ts';
import type { AlarmAction, AlarmState } from './alarm-store.ts';

const MUTED_UNTIL_KEY = 'noc.muted-until';
/** A storm rings once per interval, not once per alert. */
const MIN_RING_INTERVAL_MS = 2_500;
/** Two rising tones, three times: tells itself apart from the single sounds of an office. Hertz and seconds. */
const TONES = [
  { frequency: 740, start: 0 },
  { frequency: 988, start: 0.16 },
  { frequency: 740, start: 0.42 },
  { frequency: 988, start: 0.58 },
  { frequency: 740, start: 0.84 },
  { frequency: 988, start: 1.0 },
];
const TONE_SECONDS = 0.14;
const VOLUME = 0.35;

/** The sound for new critical alerts, made by the browser itself: no file to load, nothing to fail. */
export class Alarm {
  private context: AudioContext | null = null;
  private lastRingMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly store: Store<AlarmState, AlarmAction>) {
    const until = readMutedUntil();
    if (until > Date.now()) store.dispatch({ type: 'muted', until });
  }

  /** Finds out whether sound is allowed; call once the page is in use. */
  prepare(): void {
    if (this.context) return;
    if (typeof AudioContext === 'undefined') {
      this.store.dispatch({ type: 'sound_changed', sound: 'unsupported' });
      return;
    }
    this.context = new AudioContext();
    this.context.addEventListener('statechange', () => this.reportState());
    this.reportState();
  }

  /** Asks the browser to allow sound; works only inside a click or key press. Plays the alarm once as proof. */
  async unlock(): Promise<void> {
    this.prepare();
    await this.context?.resume();
    this.reportState();
    this.play();
  }

  /** Rings for a new critical alert, unless muted, blocked or ringing already. */
  ring(): void {
    if (this.store.getState().mutedUntil > Date.now()) return;
    if (performance.now() - this.lastRingMs < MIN_RING_INTERVAL_MS) return;
    this.play();
  }

  mute(forMs: number): void {
    const until = Date.now() + forMs;
    storeMutedUntil(until);
    this.store.dispatch({ type: 'muted', until });
  }

  unmute(): void {
    storeMutedUntil(0);
    this.store.dispatch({ type: 'unmuted' });
  }

  private play(): void {
    const { context } = this;
    if (context?.state !== 'running') return;
    this.lastRingMs = performance.now();
    for (const { frequency, start } of TONES) {
      const from = context.currentTime + start;
      const tone = new OscillatorNode(context, { frequency, type: 'triangle' });
      const volume = new GainNode(context, { gain: 0 });
      // Ramps instead of steps: a step would crack in the loudspeaker.
      volume.gain.setValueAtTime(0, from);
      volume.gain.linearRampToValueAtTime(VOLUME, from + 0.01);
      volume.gain.setValueAtTime(VOLUME, from + TONE_SECONDS - 0.03);
      volume.gain.linearRampToValueAtTime(0, from + TONE_SECONDS);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + TONE_SECONDS);
    }
  }

  private reportState(): void {
    this.store.dispatch({
      type: 'sound_changed',
      sound: this.context?.state === 'running' ? 'ready' : 'blocked',
    });
  }
}

/** Kept over a reload, so that reloading neither ends a mute nor hides that there is one. */
function readMutedUntil(): number {
  try {
    return Number(localStorage.getItem(MUTED_UNTIL_KEY) ?? 0) || 0;
  } catch {
    // Storage is switched off: a mute then ends with the page.
    return 0;
  }
}

function storeMutedUntil(until: number): void {
  try {
    localStorage.setItem(MUTED_UNTIL_KEY, String(until));
  } catch {
    return;
  }
}
