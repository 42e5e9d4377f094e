import { Button, Menu } from '@mantine/core';
import { IconKeyboard, IconLogout, IconServerBolt, IconUser } from '@tabler/icons-react';
import type { AlertCounts } from '../alerts/alert-filter.ts';
import { SeverityTiles } from '../alerts/severity-tiles.tsx';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import type { SessionUser } from '../wire/wire-types.ts';
import { displayText } from './display-text.ts';
import classes from './header.module.css';
import { ProductMark } from './product-mark.tsx';
import { SoundControl } from './sound-control.tsx';

export function Header({ counts, user }: { counts: AlertCounts; user: SessionUser }) {
  const { view } = useDashboard();
  return (
    <header className={classes.header}>
      <h1 className={classes.brand}>
        <ProductMark size={30} />
        <span>
          NOC <span className={classes.brandRest}>alerts</span>
        </span>
      </h1>
      <SeverityTiles counts={counts} />
      <div className={classes.tools}>
        <NoticesButton />
        <SoundControl />
        <Button
          size="xs"
          variant="default"
          aria-label="Help and keyboard shortcuts"
          title="Help and keyboard shortcuts (?)"
          onClick={() => view.dispatch({ type: 'help_toggled', isOpen: true })}
        >
          <IconKeyboard size={18} aria-hidden />
        </Button>
        <UserMenu user={user} />
      </div>
    </header>
  );
}

function NoticesButton() {
  const { alerts, view } = useDashboard();
  const count = useStore(alerts, (state) => state.notices.length);
  const panel = useStore(view, (state) => state.panel);
  return (
    <Button
      size="xs"
      variant={count > 0 ? 'outline' : 'default'}
      color="yellow"
      leftSection={<IconServerBolt size={16} aria-hidden />}
      aria-expanded={panel === 'notices'}
      aria-label={`System notices: ${count}`}
      title="What the bus reports about itself: refused messages, quiet devices"
      onClick={() =>
        view.dispatch(
          panel === 'notices' ? { type: 'panel_closed' } : { type: 'panel_opened', panel: 'notices' },
        )
      }
      data-testid="notices-button"
    >
      {`System ${count}`}
    </Button>
  );
}

function UserMenu({ user }: { user: SessionUser }) {
  const { session } = useDashboard();
  return (
    <Menu position="bottom-end" withinPortal shadow="md">
      <Menu.Target>
        <Button
          className={classes.user}
          size="xs"
          variant="default"
          leftSection={<IconUser size={16} aria-hidden />}
          data-testid="user-menu"
        >
          {displayText(user.username)}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {user.role === '' ? 'Signed in' : `Signed in as ${user.role.replaceAll('_', ' ')}`}
        </Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void session.logout()}
          data-testid="logout"
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
