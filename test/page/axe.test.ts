/** Each view of the built page at three widths, by day and by night, as axe sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABS } from '../../dashboard/src/view/use-tab.js';
import { LOOKS, missing, ShownDesk, WIDTHS } from './shown-desk.js';

const desk = new ShownDesk();

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
      }
    },
  );

  it('shows each position with its stop and protection, nothing of it cut off, at each width', async () => {
    await desk.open('Desk');
    const table = desk.page.getByRole('region', { name: 'Open positions' });
    for (const width of WIDTHS) {
      await desk.look(width);
      expect(await table.innerText(), `${width} px`).toMatch(/42.610\.50[\s\S]*Confirmed/);
      const hidden = await table.evaluate((box) => box.scrollWidth - box.clientWidth);
      expect(hidden, `${width} px`).toBeLessThanOrEqual(0);
    }
  });

  it('axe finds nothing in a dialog at 390, 820 and 1440 px', async () => {
    await desk.open('Desk');
    for (const [key, title] of [
      ['c', 'Close all positions?'],
      ['?', 'Keyboard and words'],
    ] as const) {
      for (const width of WIDTHS) {
        await desk.look(width, 'dark');
        await desk.page.keyboard.press(key);
        await desk.page.getByRole('dialog', { name: title }).waitFor();
        const name = `dialog-${key === 'c' ? 'close-all' : 'help'}-${width}`;
        expect(await desk.complaintsOfAxe(name), name).toEqual([]);
        await desk.page.keyboard.press('Escape');
        await expect.poll(() => desk.page.getByRole('dialog').count()).toBe(0);
      }
    }
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
