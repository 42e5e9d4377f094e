import { useDashboard } from './dashboard.ts';
import { Board } from './layout/board.tsx';
import { LoginPage } from './session/login-page.tsx';
import { WaitingPage } from './session/waiting-page.tsx';
import { useStore } from './state/store.ts';

/** Which of the three faces of the page is shown: finding out who this is, signing in, or the alerts. */
export function App() {
  const { sessionState } = useDashboard();
  const session = useStore(sessionState, (state) => state);
  switch (session.kind) {
    case 'checking':
    case 'unreachable':
      return <WaitingPage session={session} />;
    case 'signed_out':
      return <LoginPage reason={session.reason} />;
    case 'signed_in':
      return <Board user={session.user} />;
  }
}
