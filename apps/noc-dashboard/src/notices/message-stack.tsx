import { CloseButton } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useDashboard } from '../dashboard.ts';
import { formatTime } from '../layout/time-text.ts';
import { useStore } from '../state/store.ts';
import classes from './message-stack.module.css';

/** What did not work, until somebody has read it. */
export function MessageStack() {
  const { messages } = useDashboard();
  const shown = useStore(messages, (state) => state.messages);
  return (
    <div className={classes.stack} role="region" aria-label="Failed actions" data-testid="message-stack">
      {shown.map((message) => (
        <div className={classes.message} role="alert" key={message.id} data-testid="failure-message">
          <IconAlertCircle size={20} aria-hidden />
          <p className="foreign">
            <strong>{message.title}.</strong> {message.detail}
          </p>
          <time className="numbers" dateTime={new Date(message.at).toISOString()}>
            {formatTime(message.at)}
          </time>
          <CloseButton
            aria-label="Dismiss this message"
            onClick={() => messages.dispatch({ type: 'dismissed', id: message.id })}
          />
        </div>
      ))}
    </div>
  );
}
