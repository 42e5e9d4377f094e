import { startBus, type RunningBus } from '@bus/tools';
import pg from 'pg';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AlertSource } from './support/alert-source.ts';
import { startChromium } from './support/browser.ts';

const HOSTILE_TEXTS = [
  '<script>window.pwned = true</script>',
  '<img src=x onerror="window.pwned = true">',
  '"><svg onload=window.pwned=true>',
  "javascript:window.pwned=true//'-alert(1)-'",
  '{{constructor.constructor("window.pwned = true")()}}',
  '\u202Egnp.exe\u2066 reversed \u0007 bell',
];

describe('an operator in a browser', () => {
  let bus: RunningBus;
  let database: pg.Client;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let source: AlertSource;
  let complaints: string[];

  beforeAll(async () => {
    bus = await startBus();
    database = new pg.Client({ connectionString: bus.databaseUrl });
    await database.connect();
    browser = await startChromium();
    source = await AlertSource.connect({ url: bus.broker.url, ...bus.devices[0]! });
  }, 120_000);
  afterAll(async () => {
    await source.close();
    await browser.close();
    await database.end();
    await bus.stop();
  });

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(bus.gatewayUrls[0]!);
    const { username, password } = bus.users.noc_operator;
    await page.getByTestId('login-username').fill(username);
    await page.getByTestId('login-password').fill(password);
    await page.getByTestId('login-submit').click();
    await page.locator('[data-testid=connection-banner][data-state=live]').waitFor();
  });
  afterEach(async () => {
    await context.close();
  });

  const row = (text: string): Locator => page.getByTestId('alert-row').filter({ hasText: text });

  it('sees an alert at once, acknowledges and resolves it', async () => {
    await source.alert('journey-1', { message: 'panic at the loading dock' });
    const alert = row('panic at the loading dock');
    await alert.waitFor();
    expect(await alert.getAttribute('data-severity')).toBe('critical');
    expect(await alert.getAttribute('data-status')).toBe('new');
    await alert.getByTestId('ack-button').click();
    await page
      .locator('[data-testid=alert-row][data-status=acknowledged]', { hasText: 'loading dock' })
      .waitFor();
    await row('loading dock').getByTestId('resolve-button').click();
    const stored = async (): Promise<unknown> => {
      const { rows } = await database.query(
        `select status from device_alerts where message_id = 'journey-1'`,
      );
      return rows;
    };
    await expect.poll(stored, { timeout: 10_000 }).toEqual([{ status: 'resolved' }]);
    expect(complaints).toEqual([]);
  });

  it('sees on a second screen what was acknowledged on the first', async () => {
    await source.alert('journey-2', { message: 'door forced at gate 7' });
    await row('door forced at gate 7').waitFor();
    const other = await context.newPage();
    await other.goto(bus.gatewayUrls[0]!);
    const sameAlert = other.getByTestId('alert-row').filter({ hasText: 'door forced at gate 7' });
    await sameAlert.waitFor();
    await row('door forced at gate 7').getByTestId('ack-button').click();
    await other.locator('[data-testid=alert-row][data-status=acknowledged]', { hasText: 'gate 7' }).waitFor();
  });

  it('shows hostile text as text, and runs none of it', async () => {
    for (const [index, message] of HOSTILE_TEXTS.entries()) {
      await source.alert(`hostile-${index}`, { message, severity: 'high' });
    }
    for (const message of HOSTILE_TEXTS.slice(0, 5)) await row(message).waitFor();
    await row(HOSTILE_TEXTS[0]!).click();
    expect(await page.evaluate(`'pwned' in window`)).toBe(false);
    expect(await page.locator('[data-testid=alert-row] script, [data-testid=alert-row] img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('shows an alert from a device whose clock is a year off, and says so', async () => {
    const lastYear = new Date(Date.now() - 365 * 24 * 3_600_000).toISOString();
    await source.alert('clock-1', { message: 'smoke in the archive', timestamp: lastYear });
    const alert = row('smoke in the archive');
    await alert.waitFor();
    await alert.getByRole('img', { name: 'device clock is wrong' }).waitFor();
  });

  it('says when it is cut off, and catches up by itself when its gateway is back', async () => {
    const gateway = bus.gateways[0]!;
    await gateway.kill();
    await page.locator('[data-testid=connection-banner]:not([data-state=live])').waitFor();
    await source.alert('while-away', { message: 'alarm while the screen was cut off' });
    await gateway.restart();
    await row('alarm while the screen was cut off').waitFor({ timeout: 20_000 });
    await page
      .locator('[data-testid=connection-banner]:is([data-state=live],[data-state=resumed])')
      .waitFor();
    expect(await row('alarm while the screen was cut off').count()).toBe(1);
  });
});
