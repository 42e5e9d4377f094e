import { Button, Loader } from '@mantine/core';
import { useEffect } from 'react';
import { useDashboard } from '../dashboard.ts';
import { ProductMark } from '../layout/product-mark.tsx';
import { useNow } from '../layout/use-now.ts';
import classes from './entrance.module.css';
import type { SessionState } from './session-store.ts';

type Waiting = Extract<SessionState, { kind: 'checking' | 'unreachable' }>;

/** Before it is known whether somebody is signed in. It never pretends that all is well, and never asks for a password. */
export function WaitingPage({ session }: { session: Waiting }) {
  const dashboard = useDashboard();
  const now = useNow();
  useEffect(() => {
    document.title = session.kind === 'unreachable' ? '⚠ no gateway · NOC alerts' : 'NOC alerts';
  }, [session.kind]);

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <header className={classes.brand}>
          <ProductMark size={40} />
          <h1>Network operations</h1>
        </header>
        {session.kind === 'checking' ? (
          <div className={classes.waiting} role="status">
            <Loader size="sm" aria-hidden />
            Continuing your session…
          </div>
        ) : (
          <div className={classes.waiting}>
            <p role="alert">
              <strong>The gateway does not answer.</strong> No alerts can be shown. This does not mean that
              all is well.
            </p>
            <p>Next try in {Math.max(0, Math.ceil((session.retryAt - now) / 1000))} s.</p>
            <Button variant="default" onClick={() => void dashboard.session.restore(session.attempt)}>
              Try now
            </Button>
          </div>
        )}
      </div>
    </main>
  );
}
