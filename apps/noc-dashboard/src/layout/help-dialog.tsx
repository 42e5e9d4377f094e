import { Kbd, Modal, Switch } from '@mantine/core';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import classes from './help-dialog.module.css';
import { SHORTCUTS } from './keyboard.ts';

export function HelpDialog() {
  const { view } = useDashboard();
  const isOpen = useStore(view, (state) => state.isHelpOpen);
  const areShortcutsOn = useStore(view, (state) => state.areShortcutsOn);
  return (
    <Modal
      opened={isOpen}
      onClose={() => view.dispatch({ type: 'help_toggled', isOpen: false })}
      title="Keyboard and signs"
      classNames={{ title: classes.title ?? '' }}
      closeButtonProps={{ 'aria-label': 'Close the help' }}
      // The page itself never scrolls, and the lock would need a style element the security policy forbids.
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      size="lg"
      centered
    >
      <div className={classes.help}>
        <dl className={classes.keys}>
          {SHORTCUTS.map(({ keys, does }) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <Kbd key={key}>{key}</Kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <Switch
          withThumbIndicator={false}
          label="Single-letter shortcuts (switch them off when you use speech input)"
          checked={areShortcutsOn}
          onChange={(event) =>
            view.dispatch({ type: 'shortcuts_switched', areOn: event.currentTarget.checked })
          }
        />
        <section className={classes.signs}>
          <h3>How to read this page</h3>
          <ul>
            <li>
              <strong>Live</strong> in the banner: the list is complete and the gateway answers. It is asked
              every 10 seconds.
            </li>
            <li>
              <strong>Grey list, yellow stripes</strong>: the connection is lost. What you see is the last
              known state.
            </li>
            <li>
              <strong>Resumed</strong>: the connection is back and every missed event was shown. If that was
              not possible, all open alerts were loaded again, and the banner says so.
            </li>
            <li>
              <strong>Clock sign</strong> beside the age: the clock of the device is wrong. Alerts are ordered
              by arrival.
            </li>
            <li>
              Rows keep still while the mouse is over their buttons. What arrives meanwhile is counted above
              the list.
            </li>
          </ul>
        </section>
      </div>
    </Modal>
  );
}
