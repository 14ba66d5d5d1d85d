/** What the page says beside the figures: whether alerts arrive. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownChannel } from '../../src/home/channel-health.js';
import { missing, picture, ShownDesk, WIDTHS } from './shown-desk.js';

const desk = new ShownDesk();
const WELL: ShownChannel = {
  ...{ channel: 'telegram', state: 'ok', sinceMs: 0, why: null },
  ...{ waiting: 0, refused: 0, problem: null },
};
const REFUSING: ShownChannel = {
  ...{ ...WELL, state: 'refusing', refused: 3, why: '400 Bad Request: chat not found' },
  problem:
    'Alerts do not arrive on Telegram: the chat of the alerts (TELEGRAM_CHAT_ID) takes nothing: 400 Bad Request: chat not found. Not delivered so far: 3.',
};

describe.skipIf(missing.length > 0)('the page says', () => {
  beforeAll(() => desk.start());
  afterAll(() => desk.close());

  it('over every section that alerts do not arrive, and tries one', async () => {
    const { alerts } = desk.web;
    alerts[0] = REFUSING;
    const notice = desk.page.getByTestId('alerts-problem');
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/chat not found\. Not delivered so far: 3\./);
    const lamp = desk.page.getByRole('list', { name: 'Alerts' });
    expect(await lamp.innerText()).toMatch(/alerts on telegram\s+400 Bad Request: chat not found/);
    for (const width of WIDTHS) {
      await desk.look(width, 'dark');
      expect(await desk.complaintsOfAxe(`alerts-refused-${width}`), `${width} px`).toEqual([]);
      expect(await desk.widerThanThePage(), `${width} px`).toEqual([]);
    }
    await desk.open('Audit');
    expect(await notice.isVisible()).toBe(true);
    await notice.getByRole('button', { name: 'Send a test alert' }).click();
    await expect.poll(() => desk.text('said')).toContain('arrived');
    alerts[0] = WELL;
    await expect.poll(() => notice.count()).toBe(0);
    await desk.open('Desk');
    await expect.poll(() => lamp.innerText()).toMatch(/alerts on telegram\s+arrive/);
    await picture(desk.page, 'alerts-well');
  });
});
