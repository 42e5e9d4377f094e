import { EVERYTHING, type AlertFilter } from '../alerts/alert-filter.ts';
import { isRecord } from '../wire/wire-guards.ts';

/** What this operator has chosen to see. Nothing here changes an alert. */
export interface ViewState {
  readonly filter: AlertFilter;
  readonly selectedId: number | null;
  readonly panel: 'none' | 'details' | 'notices';
  readonly isHelpOpen: boolean;
  /** Single-key shortcuts can be switched off: speech input types letters, too. */
  readonly areShortcutsOn: boolean;
}

export type ViewAction =
  | { readonly type: 'filtered'; readonly change: Partial<AlertFilter> }
  | { readonly type: 'filter_cleared' }
  | { readonly type: 'selected'; readonly alertId: number | null }
  | { readonly type: 'panel_opened'; readonly panel: 'details' | 'notices' }
  | { readonly type: 'panel_closed' }
  | { readonly type: 'help_toggled'; readonly isOpen: boolean }
  | { readonly type: 'shortcuts_switched'; readonly areOn: boolean }
  | { readonly type: 'signed_out' };

export const initialViewState: ViewState = {
  filter: EVERYTHING,
  selectedId: null,
  panel: 'none',
  isHelpOpen: false,
  areShortcutsOn: true,
};

export function reduceView(state: ViewState, action: ViewAction): ViewState {
  switch (action.type) {
    case 'filtered':
      return { ...state, filter: { ...state.filter, ...action.change } };
    case 'filter_cleared':
      return { ...state, filter: { ...EVERYTHING, isClosedHidden: state.filter.isClosedHidden } };
    case 'selected':
      return state.selectedId === action.alertId ? state : { ...state, selectedId: action.alertId };
    case 'panel_opened':
      return { ...state, panel: action.panel };
    case 'panel_closed':
      return { ...state, panel: 'none' };
    case 'help_toggled':
      return { ...state, isHelpOpen: action.isOpen };
    case 'shortcuts_switched':
      return { ...state, areShortcutsOn: action.areOn };
    case 'signed_out':
      return {
        ...state,
        filter: { ...EVERYTHING, isClosedHidden: state.filter.isClosedHidden },
        selectedId: null,
        panel: 'none',
      };
  }
}

const PREFERENCES_KEY = 'noc.view';

/** The choices that outlive a reload. A filter does not: forgotten, it would hide alerts from the next shift. */
export function restorePreferences(state: ViewState): ViewState {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PREFERENCES_KEY) ?? '{}');
    if (!isRecord(stored)) return state;
    return {
      ...state,
      filter: { ...state.filter, isClosedHidden: stored.isClosedHidden === true },
      areShortcutsOn: stored.areShortcutsOn !== false,
    };
  } catch {
    // Storage is switched off or holds something else: the defaults are fine.
    return state;
  }
}

export function storePreferences({ filter, areShortcutsOn }: ViewState): void {
  try {
    localStorage.setItem(
      PREFERENCES_KEY,
      JSON.stringify({ isClosedHidden: filter.isClosedHidden, areShortcutsOn }),
    );
  } catch {
    return;
  }
}
