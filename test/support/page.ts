/** A real browser for the dashboard. */
import { type Browser, chromium, type Page } from 'playwright-core';

/** Nothing here needs one, and it is one process less that may hang. */
export const NO_GPU = ['--disable-gpu'];

/** How long anything on a page is waited for: as long as a poll of vitest. */
export const PAGE_MS = 90_000;
const FRAME_MS = 5_000;
const TRIES = 5;

const draws = (page: Page): Promise<boolean> =>
  page.evaluate(
    (ms) =>
      new Promise<boolean>((tell) => {
        setTimeout(() => tell(false), ms);
        requestAnimationFrame(() => requestAnimationFrame(() => tell(true)));
      }),
    FRAME_MS,
  );

/**
 * Seen once on a busy machine: a page drew nothing any more after its size had changed, though it went on running.
 * Another size wakes it up; the same one again is not even asked for.
 */
export async function resize(
  page: Page,
  size: { readonly width: number; readonly height: number },
): Promise<void> {
  await page.setViewportSize(size);
  for (let tries = 1; !(await draws(page)); tries += 1) {
    if (tries === TRIES) throw new Error(`the page draws nothing at ${size.width} px`);
    await page.setViewportSize({ ...size, height: size.height + 1 });
    await page.setViewportSize(size);
  }
}

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: NO_GPU,
  });
}

/** Signs in through the one-time link, as a person does who clicks it in the terminal. */
export async function openDashboard(browser: Browser, signInUrl: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(PAGE_MS);
  await page.goto(signInUrl);
  await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
  return page;
}
