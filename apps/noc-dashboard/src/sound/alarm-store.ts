/** Whether a new critical alert can be heard. `blocked`: the browser wants a click first. */
export type SoundState = 'ready' | 'blocked' | 'unsupported';

export interface AlarmState {
  readonly sound: SoundState;
  /** Silent until then; 0 when not muted. */
  readonly mutedUntil: number;
}

export type AlarmAction =
  | { readonly type: 'sound_changed'; readonly sound: SoundState }
  | { readonly type: 'muted'; readonly until: number }
  | { readonly type: 'unmuted' };

export const initialAlarmState: AlarmState = { sound: 'blocked', mutedUntil: 0 };

export function reduceAlarm(state: AlarmState, action: AlarmAction): AlarmState {
  switch (action.type) {
    case 'sound_changed':
      return action.sound === state.sound ? state : { ...state, sound: action.sound };
    case 'muted':
      return { ...state, mutedUntil: action.until };
    case 'unmuted':
      return { ...state, mutedUntil: 0 };
  }
}
