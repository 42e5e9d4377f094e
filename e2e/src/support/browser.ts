import { lookUpBinary } from '@bus/testing';
import { chromium, type Browser } from 'playwright-core';

/** Starts Debian's Chromium without a screen and without any wish to call home. */
export async function startChromium(): Promise<Browser> {
  const executablePath = lookUpBinary('chromium');
  if (!executablePath) throw new Error('Chromium is missing. On Debian: apt-get install chromium');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
