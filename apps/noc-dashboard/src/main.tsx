import './layout/mantine.css';
import './layout/theme.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { createDashboard, DashboardContext } from './dashboard.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element with the id "root"');

const dashboard = createDashboard();
dashboard.start();

createRoot(root).render(
  <StrictMode>
    {/* The Content-Security-Policy forbids style elements, so everything Mantine would write into one is in theme.css. */}
    <MantineProvider forceColorScheme="dark" withCssVariables={false} withGlobalClasses={false}>
      <DashboardContext value={dashboard}>
        <App />
      </DashboardContext>
    </MantineProvider>
  </StrictMode>,
);
