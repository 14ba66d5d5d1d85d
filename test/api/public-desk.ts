/** A desk at a public address, and a phone that comes to it there. */
import { type Browser, chromium } from 'playwright-core';
import { expect } from 'vitest';
import { NO_GPU } from '../support/page.js';
import { PASSWORD, startWebUnderTest, type WebUnderTest } from './web-under-test.js';

export const NAME = 'desk.example';

export const startPublicDesk = (publicUrl: string | undefined): Promise<WebUnderTest> =>
  startWebUnderTest(null, {
    runtime: {
      web: { host: '127.0.0.1', port: 0, ...(publicUrl === undefined ? {} : { publicUrl }) },
      temporal: { kind: 'external', address: '127.0.0.1:7233', namespace: 'default', uiAddress: 'http://x' },
      temporalUiProxy: { port: 8234 },
    },
  });

/** Finds the desk's name on this machine. */
export const launchPhone = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...NO_GPU, `--host-resolver-rules=MAP ${NAME} 127.0.0.1`],
  });

/** Signs in by password, sees the desk live, and is still signed in after a reload. */
export async function expectDeskAt(browser: Browser, origin: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, ignoreHTTPSErrors: true });
  const received: string[] = [];
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => received.push(`${socket.url()} ${payload}`));
  });
  await page.goto(origin);
  await page.getByLabel('User').fill('operator');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect.poll(() => page.getByTestId('mode').innerText()).toBe('ACTIVE');
  const live = `${origin.replace(/^http/, 'ws')}/api/ws {"type":"state"`;
  await expect.poll(() => received.join('\n')).toContain(live);
  await page.reload();
  await expect.poll(() => page.getByTestId('mode').innerText()).toBe('ACTIVE');
  await page.close();
}
