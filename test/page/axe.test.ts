/** Each view of the built page at three widths, by day and by night, as axe sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABS } from '../../dashboard/src/view/tabs.js';
import { LOOKS, missing, ShownDesk, SIGN_OFF, WIDTHS } from './shown-desk.js';

const desk = new ShownDesk();
/** Of the dialogs that another section than the desk's asks for. */
const SECTION_OF: Readonly<Record<string, string>> = {
  'sign-off': 'Waiting',
  note: 'Journal',
  validation: 'Go-live',
};

describe.skipIf(missing.length > 0)('the page at each width', () => {
  beforeAll(() => desk.start());
  afterAll(() => desk.close());

  it.each(TABS.map(([, title]) => title))(
    'axe finds nothing in %s at 390, 820 and 1440 px',
    async (title) => {
      for (const [width, scheme] of LOOKS) {
        await desk.look(width, scheme);
        await desk.open(title);
        const name = `${title.toLowerCase()}-${width}-${scheme}`;
        expect(await desk.complaintsOfAxe(name), name).toEqual([]);
        expect(await desk.widerThanThePage(), name).toEqual([]);
        expect(await desk.cutOff(), name).toEqual([]);
        if (width === 390) expect(await desk.awkwardForAThumb(), name).toEqual([]);
      }
    },
  );

  it('shows each position with its stop and protection, nothing of it cut off, at each width', async () => {
    await desk.open('Desk');
    const table = desk.page.getByRole('region', { name: 'Open positions' });
    for (const width of WIDTHS) {
      await desk.look(width);
      await expect
        .poll(() => table.innerText(), { message: `${width} px` })
        .toMatch(
          /BTC\/USDT\s+(?:Side\s+)?long\s[\s\S]*0\.00696[\s\S]*43.050\.00[\s\S]*43.120\.11[\s\S]*\+0\.49[\s\S]*42.610\.50[\s\S]*Confirmed/,
        );
      const hidden = await table.evaluate((box) => box.scrollWidth - box.clientWidth);
      expect(hidden, `${width} px`).toBeLessThanOrEqual(0);
    }
  });

  it('has each button in a table of a phone without a label that says the same, at the right', async () => {
    await desk.look(390);
    for (const [title, name] of [
      ['Desk', 'Close BTC/USDT'],
      ['Routines', 'Run now: Pre-market'],
    ] as const) {
      await desk.open(title);
      const cell = desk.page.locator('td', { has: desk.page.getByRole('button', { name, exact: true }) });
      const [label, free] = await cell.evaluate((box) => [
        getComputedStyle(box, '::before').display,
        Math.round((box.closest('tr') ?? box).getBoundingClientRect().right) -
          Math.round((box.firstElementChild ?? box).getBoundingClientRect().right),
      ]);
      expect([label, free], name).toEqual(['none', 0]);
    }
  });

  it('leaves out on a phone what is for wider screens, also where rows are blocks', async () => {
    await desk.open('Strategies');
    const regimes = () =>
      desk.page
        .locator('td[data-label="Market regime"]')
        .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).offsetHeight > 0));
    await desk.look(820);
    expect(new Set(await regimes())).toEqual(new Set([true]));
    await desk.look(390);
    expect(new Set(await regimes())).toEqual(new Set([false]));
  });

  it('keeps in sight of a phone which sections wait for people, beside the one that is open', async () => {
    await desk.look(390);
    desk.tasks = [SIGN_OFF];
    await desk.open('Waiting');
    await expect.poll(() => desk.page.locator('.tab-bar .count').count()).toBe(2);
    for (const [, title] of TABS) {
      await desk.open(title);
      const seen = () =>
        desk.page.evaluate(() =>
          [...document.querySelectorAll('.tab-bar a')]
            .filter((link) => link.matches('[aria-current]') || link.querySelector('.count'))
            .filter((link) => {
              const { left, right, top, bottom } = link.getBoundingClientRect();
              const y = (top + bottom) / 2;
              return [left + 2, right - 2].every((x) => link.contains(document.elementFromPoint(x, y)));
            })
            .map((link) => link.firstChild?.textContent),
        );
      // It is scrolled to once the section is drawn.
      await expect
        .poll(seen, { message: title })
        .toEqual(
          TABS.map(([, name]) => name).filter((name) => ['Waiting', 'Incidents', title].includes(name)),
        );
    }
  });

  it('axe finds nothing in a dialog at 390, 820 and 1440 px', async () => {
    desk.tasks = [SIGN_OFF];
    await desk.open('Desk');
    const { keyboard } = desk.page;
    const button = (name: string) => desk.page.getByRole('button', { name }).click();
    for (const [what, title, ask] of [
      ['close-all', 'Close all positions?', () => keyboard.press('c')],
      ['help', 'Keyboard and words', () => keyboard.press('?')],
      ['close-one', 'Close BTC/USDT?', () => button('Close BTC/USDT')],
      ['sign-off', SIGN_OFF.title, () => button('Done…')],
      ['note', 'Note in the trading journal', () => button('Note on today…')],
      ['validation', 'Start a validation?', () => button('Start a validation…')],
    ] as const) {
      const section = SECTION_OF[what];
      if (section !== undefined) await desk.open(section);
      for (const width of WIDTHS) {
        await desk.look(width, 'dark');
        await ask();
        await desk.page.getByRole('dialog', { name: title }).waitFor();
        const name = `dialog-${what}-${width}`;
        expect(await desk.complaintsOfAxe(name), name).toEqual([]);
        if (width === 390) expect(await desk.awkwardForAThumb(), name).toEqual([]);
        await desk.page.keyboard.press('Escape');
        // Gone, not only hidden: its end is told a moment after it, and would end the next one that is asked for.
        await expect.poll(() => desk.page.locator('dialog').count()).toBe(0);
      }
    }
  });

  it('keeps Stop on the screen of a phone whatever long word a notice or the title of a dialog has', async () => {
    const word = `https://status.example.com/${'incident-of-the-night-'.repeat(8)}`;
    desk.tasks = [{ ...SIGN_OFF, title: word }];
    await desk.look(390);
    await desk.open('Waiting');
    await desk.page.getByRole('button', { name: 'Done…' }).click();
    const dialog = desk.page.getByRole('dialog', { name: word });
    await dialog.waitFor();
    expect(await dialog.evaluate((box) => box.scrollWidth - box.clientWidth)).toBeLessThanOrEqual(0);
    expect(await desk.widerThanThePage()).toEqual([]);
    await desk.page.keyboard.press('Escape');
    desk.web.alerts.push({
      ...{ channel: 'telegram', state: 'refusing', sinceMs: 0, why: word, waiting: 0, refused: 1 },
      problem: `Alerts do not arrive on Telegram: ${word}`,
    });
    await desk.page.getByTestId('alerts-problem').waitFor();
    expect(await desk.widerThanThePage()).toEqual([]);
    const stop = await desk.page.getByRole('button', { name: 'Stop', exact: true }).boundingBox();
    expect((stop?.x ?? 390) + (stop?.width ?? 0)).toBeLessThanOrEqual(390);
    desk.web.alerts.length = 0;
    desk.tasks = [];
  });

  it('axe finds nothing in the sign-in at 390, 820 and 1440 px', async () => {
    await desk.page.getByRole('button', { name: 'Sign out' }).click();
    await desk.page.getByRole('button', { name: 'Sign in' }).waitFor();
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await desk.complaintsOfAxe(`sign-in-${width}`), `${width} px`).toEqual([]);
    }
  });
});
