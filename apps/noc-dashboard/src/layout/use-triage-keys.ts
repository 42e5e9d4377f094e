import { useCallback, useEffect, useRef, type RefObject } from 'react';
import type { AlertActionKind } from '../alerts/alert-entry.ts';
import type { AlertListHandle } from '../alerts/alert-list.tsx';
import { useDashboard } from '../dashboard.ts';
import { commandOf, type Command } from './keyboard.ts';

/** After an action the selection moves on by itself; a second press this soon was meant for the alert before. */
const DOUBLE_PRESS_MS = 400;

export interface TriageTargets {
  readonly list: RefObject<AlertListHandle | null>;
  readonly filterText: RefObject<HTMLInputElement | null>;
  readonly note: RefObject<HTMLTextAreaElement | null>;
}

/** Working through the list without a mouse. Returns what `a` and `r` do, for buttons pressed with the keyboard. */
export function useTriageKeys({ list, filterText, note }: TriageTargets): (kind: AlertActionKind) => void {
  const { commands, view } = useDashboard();
  const movedOnAt = useRef(Number.NEGATIVE_INFINITY);

  /** Acts on the selected alert and selects the next one: the list closes up, so that is what stands there now. */
  const actAndMoveOn = useCallback(
    (kind: AlertActionKind) => {
      const { selectedId } = view.getState();
      const ids = list.current?.shownIds() ?? [];
      const index = selectedId === null ? -1 : ids.indexOf(selectedId);
      if (selectedId === null || index < 0 || performance.now() - movedOnAt.current < DOUBLE_PRESS_MS) return;
      const following = ids[index + 1] ?? ids[index - 1] ?? null;
      if (!commands.act(kind, selectedId, null)) return;
      movedOnAt.current = performance.now();
      view.dispatch({ type: 'selected', alertId: following });
    },
    [commands, list, view],
  );

  useEffect(() => {
    const shownIds = () => list.current?.shownIds() ?? [];

    function select(index: number): void {
      const ids = shownIds();
      const alertId = ids[Math.min(Math.max(index, 0), ids.length - 1)];
      if (alertId === undefined) return;
      view.dispatch({ type: 'selected', alertId });
      list.current?.reveal(alertId);
    }

    function selectedIndex(): number {
      const { selectedId } = view.getState();
      return selectedId === null ? -1 : shownIds().indexOf(selectedId);
    }

    function close(): void {
      if (isTextField(document.activeElement)) list.current?.focus();
      else view.dispatch({ type: 'panel_closed' });
    }

    function openDetails(): void {
      if (selectedIndex() < 0) select(0);
      view.dispatch({ type: 'panel_opened', panel: 'details' });
    }

    const run: Record<Command, () => void> = {
      next: () => select(selectedIndex() + 1),
      previous: () => select(selectedIndex() - 1),
      first: () => select(0),
      last: () => select(shownIds().length - 1),
      acknowledge: () => actAndMoveOn('acknowledge'),
      resolve: () => actAndMoveOn('resolve'),
      open: openDetails,
      note: () => {
        openDetails();
        // The field exists only after the panel has been drawn.
        requestAnimationFrame(() => note.current?.focus());
      },
      filter: () => filterText.current?.focus(),
      help: () => view.dispatch({ type: 'help_toggled', isOpen: true }),
      close,
    };

    function handleKey(event: KeyboardEvent): void {
      const { isHelpOpen, areShortcutsOn } = view.getState();
      const target = event.target instanceof Element ? event.target : null;
      if (isHelpOpen || event.defaultPrevented || target?.closest('[role="menu"]')) return;
      const command = commandOf(
        {
          key: event.key,
          hasModifier: event.ctrlKey || event.metaKey || event.altKey,
          isRepeat: event.repeat,
          isTyping: isTextField(target),
          isOnList: target?.hasAttribute('data-list') ?? false,
        },
        areShortcutsOn,
      );
      if (command === null) return;
      event.preventDefault();
      run[command]();
    }

    document.addEventListener('keydown', handleKey);
    return () => document.removeEventListener('keydown', handleKey);
  }, [actAndMoveOn, filterText, list, note, view]);

  return actAndMoveOn;
}

function isTextField(element: Element | null): boolean {
  if (element instanceof HTMLTextAreaElement) return true;
  return (
    element instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(element.type)
  );
}
