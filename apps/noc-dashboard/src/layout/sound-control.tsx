import { Button, Menu } from '@mantine/core';
import { IconBell, IconBellOff, IconPlayerPlay } from '@tabler/icons-react';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import { formatCountdown } from './time-text.ts';
import { useNow } from './use-now.ts';

const MUTE_MINUTES = [5, 15, 60] as const;

/** Mutes the alarm for a while. A mute always ends by itself, and says when. */
export function SoundControl() {
  const { alarm, alarmState } = useDashboard();
  const { sound, mutedUntil } = useStore(alarmState, (state) => state);
  const now = useNow();

  if (mutedUntil > now) {
    const remaining = formatCountdown(mutedUntil - now);
    return (
      <Button
        size="xs"
        variant="outline"
        color="yellow"
        leftSection={<IconBellOff size={16} aria-hidden />}
        onClick={() => alarm.unmute()}
        title="Sound is muted. Click to switch it on again."
        className="numbers"
        data-testid="unmute-button"
      >
        Muted {remaining}
      </Button>
    );
  }
  return (
    <Menu position="bottom-end" withinPortal shadow="md">
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={
            sound === 'ready' ? <IconBell size={16} aria-hidden /> : <IconBellOff size={16} aria-hidden />
          }
          data-testid="sound-button"
        >
          {sound === 'ready' ? 'Sound on' : 'Sound off'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Alarm for new critical alerts</Menu.Label>
        {MUTE_MINUTES.map((minutes) => (
          <Menu.Item
            key={minutes}
            leftSection={<IconBellOff size={16} aria-hidden />}
            onClick={() => alarm.mute(minutes * 60_000)}
          >
            Mute for {minutes} minutes
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => void alarm.unlock()}>
          Play the alarm once
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Says that critical alerts would be silent, and how to change that. Nothing to see when sound works. */
export function SoundPrompt({ className }: { className: string | undefined }) {
  const { alarm, alarmState } = useDashboard();
  const sound = useStore(alarmState, (state) => state.sound);
  if (sound === 'ready') return null;
  return (
    <section className={className} aria-label="Sound" data-testid="sound-prompt">
      <IconBellOff size={16} aria-hidden />
      {sound === 'blocked' ? (
        <>
          <span>The browser blocks sound until you allow it: new critical alerts would be silent.</span>
          <Button size="compact-sm" variant="default" onClick={() => void alarm.unlock()}>
            Allow sound
          </Button>
        </>
      ) : (
        <span>This browser cannot play sound: new critical alerts are silent.</span>
      )}
    </section>
  );
}
