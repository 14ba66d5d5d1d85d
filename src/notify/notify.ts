/**
 * Writes a notice to the durable outbox or, while Postgres is down, to a file of limited size that is stored later.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Notice } from '../contracts/notice.js';
import { documentAddressAt, runAddressAt, setupAddressAt } from '../home/run-address.js';
import { insertNotice } from '../store/outbox.js';
import type { Pool } from '../store/pool.js';

import { spoolNotice } from './spool.js';

const TITLE_LENGTH_MAX = 200;

/**
 * A Telegram message holds 4096 characters, title and mark included; amounts get longer there by the gaps between
 * thousands.
 */
const TEXT_LENGTH_MAX = 3_300;

const FINGERPRINT_LENGTH_MAX = 300;

const BUTTON_BYTES_MAX = 64;

/**
 * Adds the addresses of what to do, of its setup and of its run, if this home has a page. The text is shortened
 * rather than an address.
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
    text: `${fittingNotice(notice).text.slice(0, TEXT_LENGTH_MAX - added.length)}${added}`,
  };
}

/** A notice waits no longer than this for Postgres. */
const WRITE_MS = 1_500;

/**
 * Resolves once the notice is durable. While Postgres is down it is spooled below `home` (FERMATA_HOME); with null it
 * rejects instead. A late write that succeeds after all does no harm: the fingerprint is the same.
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

/** Cuts the notice to what every channel can carry. Throws if a button or the fingerprint does not fit at all. */
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
    text: cut(notice.text.trim(), TEXT_LENGTH_MAX),
  };
}

function cut(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1)}…`;
}
