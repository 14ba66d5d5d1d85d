/**
 * Writes a notice to the durable outbox or, while Postgres is down, to a file of limited size that is stored
 * later.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notice } from '../contracts/notice.js';
import { homePaths } from '../home/runtime.js';
import { documentAddressAt, runAddressAt, setupAddressAt } from '../home/started-desks.js';
import { insertNotice } from '../store/outbox.js';
import type { DeliveryState } from '../store/outbox-delivery.js';
import type { Pool } from '../store/pool.js';

const TITLE_LENGTH_MAX = 200;

/**
 * A Telegram message holds 4096 characters, including title and mark. Thousands separators lengthen amounts
 * there.
 */
const TEXT_LENGTH_MAX = 3_300;

const FINGERPRINT_LENGTH_MAX = 300;

const BUTTON_BYTES_MAX = 64;

/**
 * Adds the addresses of what to do, of the notice's setup and of its run, if this home has a page. If need
 * be, the text is cut, never an address.
 */
export function withAddresses(notice: Notice, home: string | null): Notice {
  const { about, setup, workflowId } = notice;
  if (home === null) return notice;
  const what = about === undefined ? null : documentAddressAt(home, `WOKEN#${about}`);
  const details = setup === undefined ? null : setupAddressAt(home, setup);
  const run = workflowId === undefined ? null : runAddressAt(home, workflowId);
  if (what === null && details === null && run === null) return notice;
  const lines = [
    ...(what === null ? [] : [`What to do: ${what}`]),
    ...(details === null ? [] : [`Its details: ${details}`]),
    ...(run === null ? [] : [`Its run: ${run}`]),
  ];
  const added = `\n\n${lines.join('\n')}`;
  return {
    ...notice,
    ...shortened(notice, TEXT_LENGTH_MAX - added.length, added),
  };
}

const NOT_WHOLE =
  '…\n\nThis is not all of it, so it can’t be approved here: read it and vote on the page, or with fermata approve.';

/** Nobody agrees to what they were not shown. `end` follows the text and is never cut. */
function shortened(
  { text: given, buttons }: Pick<Notice, 'text' | 'buttons'>,
  lengthMax: number,
  end = '',
): Pick<Notice, 'text' | 'buttons'> {
  const text = given.trim();
  if (text.length <= lengthMax || !buttons?.some(({ agrees }) => agrees))
    return { text: `${cut(text, lengthMax)}${end}`, ...(buttons && { buttons }) };
  return {
    text: `${text.slice(0, lengthMax - NOT_WHOLE.length)}${NOT_WHOLE}${end}`,
    buttons: buttons.filter(({ agrees }) => !agrees),
  };
}

/** A notice that can be spooled waits no longer than this for Postgres. */
const WRITE_MS = 1_500;

/**
 * Resolves once the notice is durable. While Postgres is down, the notice is spooled below `home`
 * (FERMATA_HOME); if `home` is null, rejects instead. A late write that succeeds does no harm: it has the
 * same fingerprint.
 */
export async function notify(
  pool: Pick<Pool, 'query'>,
  notice: Notice,
  home: string | null = null,
): Promise<void> {
  const fitting = fittingNotice(withAddresses(notice, home));
  const writing = insertNotice(pool, fitting).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const late = sleep(WRITE_MS, new Error(`Postgres did not answer within ${WRITE_MS} ms`), { ref: false });
  const problem = await (home === null ? writing : Promise.race([writing, late]));
  if (problem === null) return;
  if (home === null) throw problem;
  await spoolNotice(home, fitting);
}

/**
 * Cuts the notice to what every channel can carry. Throws if a button or the fingerprint does not fit at all.
 */
function fittingNotice(notice: Notice): Notice {
  if (notice.fingerprint === '' || notice.fingerprint.length > FINGERPRINT_LENGTH_MAX) {
    throw new Error(`a fingerprint has 1 to ${FINGERPRINT_LENGTH_MAX} characters`);
  }
  for (const { data } of notice.buttons ?? []) {
    if (Buffer.byteLength(data) > BUTTON_BYTES_MAX)
      throw new Error(`a button carries ${BUTTON_BYTES_MAX} bytes: ${data}`);
  }
  return {
    ...notice,
    title: cut(notice.title.replace(/\s+/g, ' ').trim() || '(no title)', TITLE_LENGTH_MAX),
    ...shortened(notice, TEXT_LENGTH_MAX),
  };
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}

/** A few thousand notices; any more are only in the log. */
const SPOOL_BYTES_MAX = 2 * 1024 * 1024;
const FILE = 'notices.jsonl';

function spoolDirectory(home: string): string {
  return join(homePaths(home).home, 'notify');
}

/**
 * Notices that could not be written to Postgres: one JSON line each, in a file below FERMATA_HOME. Rejects if
 * the file is full: then only the caller's log has the notice.
 */
export async function spoolNotice(home: string, notice: Notice): Promise<void> {
  const directory = spoolDirectory(home);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, FILE);
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => 0,
  );
  if (size > SPOOL_BYTES_MAX) throw new Error(`${file} is full: notices are only in the log now`);
  // One write per line, since several processes append to this file.
  // The newline before it ends a line that a full disk or a crash has truncated.
  const timed: Notice = { occurredMs: Date.now(), ...notice };
  await appendFile(file, `\n${JSON.stringify(timed)}\n`, { mode: 0o600 });
}

/**
 * Resolves with the number of notices written to Postgres. Can be killed at any point and repeated:
 * fingerprints prevent duplicates.
 */
export async function takeInSpool(home: string, pool: Pick<Pool, 'query'>): Promise<number> {
  const directory = spoolDirectory(home);
  const names = await readdir(directory).catch((): string[] => []);
  if (names.includes(FILE)) {
    // A process that appends in the meantime begins a new file.
    const taken = `taken-${randomUUID()}.jsonl`;
    await rename(join(directory, FILE), join(directory, taken));
    names.push(taken);
  }
  let count = 0;
  for (const name of names.filter((each) => each.startsWith('taken-'))) {
    for (const notice of noticesIn(await readFile(join(directory, name), 'utf8'))) {
      await insertNotice(pool, notice);
      count += 1;
    }
    await rm(join(directory, name));
  }
  return count;
}

/** Skips a last line that a crash has truncated. */
function noticesIn(text: string): Notice[] {
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Notice];
      } catch {
        return [];
      }
    });
}

const LOOK_MS = 200;

/**
 * Waits until every delivery of a notice has ended, at most `waitMs` milliseconds. No deliveries: nobody was
 * found to notify.
 */
export async function awaitDeliveries<D extends DeliveryState>(
  read: () => Promise<readonly D[]>,
  waitMs: number,
): Promise<{ readonly deliveries: readonly D[]; readonly tookMs: number }> {
  const startedMs = performance.now();
  for (;;) {
    const deliveries = await read();
    const tookMs = Math.round(performance.now() - startedMs);
    const ended = deliveries.length > 0 && deliveries.every(({ finished }) => finished);
    if (ended || tookMs > waitMs) return { deliveries, tookMs };
    await sleep(LOOK_MS);
  }
}
