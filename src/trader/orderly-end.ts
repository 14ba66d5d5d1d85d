/** An orderly end of the trader: entries are cancelled, positions and their stops stay, everything is on disk. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResumeRule } from '../domain/mode.js';
import type { Journal } from './journal/journal.js';
import type { Log } from './log.js';
import type { OpenedTrader } from './open-trader.js';

/** How long the venue may take to confirm the cancels; after that the next start looks the entries up. */
const ENTRIES_OFF_MS_MAX = 5000;
const LOOK_EVERY_MS = 20;
const COMMAND_MS_MAX = 2000;

/** `resume`: the rule by which the next start resumes; this is not a person's stop. */
export async function endOrderly(
  opened: OpenedTrader,
  journal: Journal,
  resume: ResumeRule,
  log: Log,
): Promise<void> {
  const { trader, runner, feed, venue } = opened;
  const stopped = trader.runner.command({
    commandId: `shutdown-${process.pid}-${journal.lastSequence}`,
    by: 'fermata',
    reason: 'orderly end: entries are cancelled, positions keep their protective stops',
    command: { name: 'stop', why: { cause: 'shutdown', resume } },
  });
  await Promise.race([stopped, sleep(COMMAND_MS_MAX, undefined, { ref: false })]);
  const left = await waitUntil(() => trader.status().entriesWorking === 0, ENTRIES_OFF_MS_MAX);
  if (!left) log('warn', 'the venue has not confirmed every cancel; the next start looks the orders up');
  await feed.stop();
  runner.stop();
  await venue.port.close();
  await journal.close();
  log('info', 'the trader has ended; positions and their stops stay at the venue');
}

export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() >= deadlineMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
