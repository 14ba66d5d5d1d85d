import { messageOf } from '../../domain/message-of.js';
import type { Pool } from '../../store/pool.js';
import type { Manifest } from '../manifest.js';

/** One thing that a restore proves, with figures. */
export interface DrillStep {
  readonly key: string;
  readonly title: string;
  readonly verdict: 'pass' | 'fail' | 'not_run';
  readonly observed: string;
  readonly expected: string;
  readonly tookMs: number;
}

export type Observation = { readonly ok: boolean; readonly observed: string };

/** Runs the steps one after another. After a failure, the remaining ones are not run. */
export class DrillSteps {
  readonly done: DrillStep[] = [];
  #failed: string | null = null;

  constructor(private readonly onStep: (title: string) => void) {}

  get passed(): boolean {
    return this.#failed === null;
  }

  async run(
    step: Pick<DrillStep, 'key' | 'title' | 'expected'>,
    prove: () => Promise<Observation>,
  ): Promise<void> {
    if (this.#failed !== null) {
      this.done.push({
        ...step,
        verdict: 'not_run',
        observed: `not run: "${this.#failed}" failed`,
        tookMs: 0,
      });
      return;
    }
    this.onStep(step.title);
    const startedMs = performance.now();
    const { ok, observed } = await prove().catch((error: unknown) => ({
      ok: false,
      observed: messageOf(error),
    }));
    const tookMs = Math.round(performance.now() - startedMs);
    this.done.push({ ...step, verdict: ok ? 'pass' : 'fail', observed, tookMs });
    if (!ok) this.#failed = step.title;
  }
}

type Queries = Pick<Pool, 'query'>;

/**
 * Checks that a restored backup is the live desk's own state at that moment. Evidence and ledger only grow,
 * so the live ones must have the backup's last entry at the same place. Newer entries are counted.
 */
export async function compareWithLive(
  pool: Queries,
  { desk, evidence, ledger }: Manifest,
): Promise<Observation> {
  const [chained, booked] = await Promise.all([
    liveEvidence(pool, desk, evidence.count),
    ledger === null ? null : liveLedger(pool, desk, ledger),
  ]);
  if (evidence.count > 0 && chained.hash !== evidence.head)
    return { ok: false, observed: `the live evidence differs at its piece ${evidence.count}` };
  if (ledger !== null && booked?.chain !== ledger.chain)
    return { ok: false, observed: `the live ledger differs at journal entry ${ledger.sequence}` };
  const newer = [
    `${chained.count - evidence.count} pieces of evidence`,
    ...(ledger === null ? [] : [`${(booked?.last ?? 0) - ledger.sequence} journal entries`]),
  ];
  return { ok: true, observed: `equal to the live desk; newer there: ${newer.join(', ')}` };
}

async function liveEvidence(
  pool: Queries,
  desk: string,
  count: number,
): Promise<{ readonly count: number; readonly hash: string | null }> {
  const found = await pool.query<{ count: number; hash: string | null }>(
    `select (select count(*)::int from evidence where desk = $1) as count,
       (select hash from evidence where desk = $1 order by id offset greatest($2 - 1, 0) limit 1) as hash`,
    [desk, count],
  );
  return found.rows[0] ?? { count: 0, hash: null };
}

async function liveLedger(
  pool: Queries,
  desk: string,
  { incarnation, sequence }: NonNullable<Manifest['ledger']>,
): Promise<{ readonly last: number; readonly chain: string | null }> {
  const found = await pool.query<{ last: number; chain: string | null }>(
    `select (select coalesce(max(sequence), 0)::float8 from journal_entry where desk = $1 and incarnation = $2) as last,
       (select chain from journal_entry where desk = $1 and incarnation = $2 and sequence = $3) as chain`,
    [desk, incarnation, sequence],
  );
  return found.rows[0] ?? { last: 0, chain: null };
}
