/** A real browser for the dashboard. */
import { type Browser, chromium, type Page } from 'playwright-core';

/** A process that draws in software, and that a busy machine lets end: the page then shows nothing new any more. */
export const NO_GPU = ['--disable-gpu'];

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: NO_GPU,
  });
}

/** Signs in through the one-time link, as a person does who clicks it in the terminal. */
export async function openDashboard(browser: Browser, signInUrl: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(signInUrl);
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  return page;
}
