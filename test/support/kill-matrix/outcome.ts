/**
 * What a procedure has left behind, in words that are the same for each run of it: at the trader, as evidence, as
 * notices, and what people can still do about it.
 */
import { expect } from 'vitest';
import { CANCEL_ASKED } from '../../../src/workflows/cancellation.js';
import type { Bench, BenchDesk } from '../../workflows/support/desk-bench.js';

export interface Outcome {
  readonly trader: {
    readonly mode: string;
    readonly halts: readonly string[];
    /** The step of going live that is in force. */
    readonly live: number | null;
    readonly settings: number;
    /** What it was told to do, each once. */
    readonly told: readonly string[];
  };
  /** Each step with its verdict, each once; `-cancelled` where it says that somebody pressed "Cancel". */
  readonly evidence: readonly string[];
  readonly notices: readonly string[];
  /** Questions, tasks, incidents and attempts, each with how it stands. */
  readonly asked: readonly string[];
}

/** Asked of a trader as often as somebody likes to know. */
const READING: ReadonlySet<string> = new Set(['status', 'flatProof', 'heartbeat', 'reconcile']);

export async function outcomeOf({ database: { pool } }: Bench, desk: BenchDesk): Promise<Outcome> {
  const { trader, name } = desk;
  const lines = async (query: string): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ line: string }>(query, [name]);
    return each(rows.map(({ line }) => plain(line, name)));
  };
  return {
    trader: {
      mode: trader.mode,
      halts: each(trader.halts.map(({ cause, by }) => `${cause} by ${by}`)),
      live: trader.granted?.step ?? null,
      settings: trader.settingsVersion,
      told: each(trader.received.map(({ method }) => method).filter((method) => !READING.has(method))),
    },
    evidence: await lines(
      `select routine || ' ' || step_key || ' ' || verdict
         || case when strpos(observed, '${CANCEL_ASKED}') > 0 then '-cancelled' else '' end as line
       from evidence where desk = $1`,
    ),
    notices: await lines("select severity || ' ' || title as line from notice where desk = $1"),
    asked: await lines(
      `select 'question ' || kind || ' ' || state as line from approval where desk = $1
       union all select 'task ' || routine || ' ' || state from task where desk = $1
       union all select 'incident ' || state from incident where desk = $1
       union all select 'attempt ' || state from golive_attempt where desk = $1`,
    ),
  };
}

const each = (lines: readonly string[]): readonly string[] => [...new Set(lines)].sort();

/** Without what every run has of its own: ids, times, the mark of a run that was reset. */
const plain = (line: string, desk: string): string =>
  line
    .replaceAll(desk, 'DESK')
    .replaceAll(/~[0-9a-f]{8}/g, '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{4,}/g, 'ID')
    // One in four hundred has letters alone.
    .replaceAll(/(?<=:)[0-9a-f]{6}(?=:)/g, 'ID')
    .replaceAll(/\b(?=[0-9a-f]*[0-9])[0-9a-f]{6,}\b/g, 'ID')
    .replaceAll(/\d+/g, 'N');

/** `routine step` of a line of evidence, and its verdict. */
const stepOf = (line: string): string => line.slice(0, line.lastIndexOf(' '));
const steps = ({ evidence }: Outcome): readonly string[] => each(evidence.map(stepOf));
const without = (lines: readonly string[], others: readonly string[]): readonly string[] =>
  lines.filter((line) => !others.includes(line));

/** Whole lines that only a run leaves on which somebody pressed the button; no other one passes, however mild. */
interface OwnLines {
  readonly evidence: readonly RegExp[];
  readonly notices: readonly RegExp[];
}

/** Of the rows in Postgres that procedures of the matrix leave open. */
const TITLES_OF_ROWS = [
  'Pre-market',
  'A reported',
  'Settings version N: more',
  'Deploy b: newer',
  'Going live: \\S+',
  'Review the validation report before real money \\(\\S+, attempt N\\)',
  '(Trade real money|Size step N) on DESK',
].join('|');

const ABANDONED: OwnLines = {
  evidence: [/^\S+ abandoned:\S+ fail$/],
  notices: [
    // What had a row in Postgres, and what had none.
    new RegExp(`^(warning|critical) Abandoned: (${TITLES_OF_ROWS})$`),
    /^(warning|critical) DESK: abandoned: the (emergency stop|backup|restore drill|validation|resumption|routine \S+|incident|change of settings|deployment)$/,
  ],
};

const LEFT_OUT = /^deploy (agreed|backup|examine-again|switch) not_run$/;

const OWN_LINES: Readonly<Record<string, OwnLines>> = {
  cancel: {
    evidence: [
      /^\S+ (cancelled|N) warn-cancelled$/,
      /^\S+ \S+ not_run-cancelled$/,
      /^(backup|restore-drill|validation) ended fail-cancelled$/,
      // Cancelled while it was live, it is watched on until a person ends the permission.
      /^go-live end not_run$/,
      // A routine leaves out what remains, and so does a deployment.
      /^pre-market [ab] not_run$/,
      LEFT_OUT,
    ],
    notices: [
      /^warning Pre-market: warn$/,
      /^warning Goes on although it was to be cancelled: .+$/,
      /^(warning|critical) DESK: somebody cancelled (the backup|the restore drill|the validation \S+|a resumption|going live)$/,
      /^info .+: withdrawn$/,
      /^warning DESK: build b was not deployed$/,
    ],
  },
  reset: {
    evidence: [
      // Why it did no more.
      /^settings decision not_run$/,
      LEFT_OUT,
      /^\S+ superseded not_run$/,
      /^go-live live-before warn$/,
      /^go-live (end|approval\.N) not_run$/,
    ],
    notices: [/^critical DESK: going live was begun anew while it was live$/, /^info .+: withdrawn$/],
  },
  terminate: ABANDONED,
  lose: ABANDONED,
};

/**
 * Nothing that an undisturbed run would not have left, but what says what was pressed; what is missing was told to
 * people; the trader is as it was, or as after an undisturbed run, or halted.
 */
export function expectAsUndisturbed(
  button: string,
  got: Outcome,
  { before, once }: { readonly before: Outcome; readonly once: Outcome },
  isTold: boolean,
): void {
  const own = OWN_LINES[button];
  for (const kind of ['evidence', 'notices'] as const) {
    const foreign = without(got[kind], once[kind]).filter(
      (line) => !own?.[kind].some((allowed) => allowed.test(line)),
    );
    expect(foreign, kind).toEqual([]);
  }
  expect(without(got.trader.told, [...once.trader.told, 'revokeGoLive']), 'told to the trader').toEqual([]);
  const missing = without(steps(once), steps(got));
  if (missing.length > 0 && isTold) {
    // A run that was reset is not missed by anybody: it says itself why it did no more.
    const told =
      button === 'reset' ? without(got.evidence, once.evidence) : without(got.notices, once.notices);
    expect(told, `evidence is missing, and nobody was told: ${missing.join(', ')}`).not.toEqual([]);
  }
  const standing = ({ trader: { mode, live, settings } }: Outcome) => ({ mode, live, settings });
  const halted = { ...standing(got), mode: 'HALTED', live: null };
  expect([standing(before), standing(once), halted]).toContainEqual(standing(got));
}

/** Done again, it leaves everything that it leaves where nobody pressed anything. */
export function expectDoneAgain(got: Outcome, twice: Outcome): void {
  expect(without(twice.evidence, got.evidence), 'evidence').toEqual([]);
  expect(without(twice.notices, got.notices), 'notices').toEqual([]);
  expect(without(twice.asked, got.asked), 'asked').toEqual([]);
  const { mode, live, halts } = twice.trader;
  expect(got.trader).toMatchObject({ mode, live, halts });
}
