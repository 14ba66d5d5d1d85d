/** What a run of many seeds came to: a line for the screen, a page that is kept, a part of which a larger run is made. */
import { Injected } from './injected.js';
import { neverReached } from './never-reached.js';
import type { SimulationResult } from './run-seed.js';
import { traitsOf } from './traits.js';

const TOTALS = ['fills', 'submits', 'crashes', 'armings', 'adoptions'] as const;
type Totals = Record<(typeof TOTALS)[number], number>;

/** Seeds without a gap. */
export interface SimulationRun {
  /** Null: the sources are no git checkout. */
  readonly commit: string | null;
  /** Nothing had been changed since that commit. */
  readonly clean: boolean;
  /** Of what ran, as `compileClosure` has it. */
  readonly hash: string;
  readonly begun: string;
  readonly processes: number;
  readonly from: number;
  readonly wanted: number;
  readonly seeds: number;
  readonly failed: readonly number[];
  readonly minutes: number;
}

/** As it is kept in a file, until all parts are there. */
export interface ReportPart {
  readonly run: SimulationRun;
  readonly totals: Totals;
  readonly injected: Record<string, number>;
  readonly reached: Record<string, number>;
}

type RunBegin = Pick<SimulationRun, 'commit' | 'clean' | 'hash' | 'processes' | 'from' | 'wanted'>;

/** Of one run, as it grows. */
export class RunReport {
  readonly failed: number[] = [];
  readonly #totals: Totals = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0 };
  readonly #injected = new Injected();
  readonly #reached = new Injected();
  readonly #startedMs = performance.now();
  readonly #begun = new Date().toISOString();
  #seeds = 0;

  constructor(private readonly begin: RunBegin) {}

  add(result: SimulationResult): void {
    this.#seeds += 1;
    if (result.violations.length > 0) this.failed.push(result.seed);
    for (const key of TOTALS) this.#totals[key] += result[key];
    for (const [what, times] of result.injected) this.#injected.count(what, times);
    for (const [what, times] of result.reached) this.#reached.count(what, times);
  }

  asLine(): string {
    const { fills, submits, crashes, armings, adoptions } = this.#totals;
    const failed = this.failed.length;
    return (
      `${this.#seeds} seeds: ${submits} orders, ${fills} fills, ${crashes} crashes, ${armings} armings, ` +
      `${adoptions} positions adopted; ${this.#seeds - failed} passed, ${failed} failed\n`
    );
  }

  asPart(): ReportPart {
    const minutes = (performance.now() - this.#startedMs) / 60_000;
    return {
      run: { ...this.begin, begun: this.#begun, seeds: this.#seeds, failed: this.failed, minutes },
      totals: { ...this.#totals },
      injected: Object.fromEntries(this.#injected.counts),
      reached: Object.fromEntries(this.#reached.counts),
    };
  }
}

/** Null: what ran is the same in all of them, whatever the commits. */
export function notOneSource(parts: readonly ReportPart[]): string | null {
  const named = parts.map(({ run }) => ({ ...run, hash: typeof run.hash === 'string' ? run.hash : null }));
  const nameless = named.find(({ hash }) => hash === null);
  if (nameless !== undefined) return `that from seed ${nameless.from} on does not name the hash of what ran`;
  const [first] = named;
  const other = named.find(({ hash }) => hash !== first?.hash);
  if (first === undefined || other === undefined) return null;
  const said = ({ from, hash, commit }: typeof first): string =>
    `from seed ${from} on ${hash?.slice(0, 12)} ran (${commit?.slice(0, 12) ?? 'no checkout'})`;
  return `${said(first)}, ${said(other)}`;
}

/** Markdown, of all parts together, which are of one source. */
export function reportPage(parts: readonly ReportPart[]): string {
  const runs = parts.map(({ run }) => run).sort((one, other) => one.from - other.from);
  const seeds = runs.reduce((sum, run) => sum + run.seeds, 0);
  const wanted = runs.reduce((sum, run) => sum + run.wanted, 0);
  const failed = runs.flatMap((run) => run.failed);
  const minutes = sumOf(runs.map((run) => run.minutes));
  const begun = runs.map((run) => Date.parse(run.begun));
  const ended = runs.map((run) => Date.parse(run.begun) + run.minutes * 60_000);
  const totals = TOTALS.map((what) => [what, sumOf(parts.map((part) => part.totals[what]))] as const);
  return [
    '# A run of the simulation',
    '',
    'Written by `npm run simulate -- --report FILE`; nobody wrote in it.',
    '',
    '| figure | value |',
    '| --- | ---: |',
    `| seeds | ${number(seeds)}${seeds < wanted ? `, of ${number(wanted)} that were asked for` : ''} |`,
    `| failed | ${failed.length === 0 ? 'none' : failed.join(', ')} |`,
    ...totals.map(([what, times]) => `| ${what} | ${number(times)} |`),
    `| minutes, of all parts together | ${number(Math.round(minutes))} |`,
    `| first part begun (UTC) | ${asMoment(Math.min(...begun))} |`,
    `| last part ended (UTC) | ${asMoment(Math.max(...ended))} |`,
    '',
    '## The sources that ran',
    '',
    'The hash is that of what ran, compiled, packages included: one hash, one source, whatever the commits.',
    '',
    `\`${runs[0]?.hash}\``,
    '',
    '| seeds | commit | begun (UTC) | minutes | processes |',
    '| --- | --- | --- | ---: | ---: |',
    ...runs.map(runRow),
    '',
    '## What the seeds are about',
    '',
    'Each seed draws a desk, a venue and its faults; most have several of these.',
    '',
    '| seeds with … | seeds |',
    '| --- | ---: |',
    ...[...traitsOf(runs)].map(([what, times]) => `| ${what} | ${number(times)} |`),
    '',
    '## What was done to the desk',
    '',
    ...table(
      'fault',
      parts.map(({ injected }) => injected),
    ),
    '',
    '## What the core came to',
    '',
    ...table(
      'path',
      parts.map(({ reached }) => reached),
    ),
    '',
    '## Never reached',
    '',
    'What the product can record, halt for or deny, and no seed came to: these are for other tests.',
    '',
    ...neverTable(parts),
    '',
  ].join('\n');
}

function runRow({ commit, clean, begun, processes, from, seeds, minutes }: SimulationRun): string {
  const sources = commit === null ? 'no checkout' : `${commit.slice(0, 12)}${clean ? '' : ', and changes'}`;
  return `| ${from} to ${from + seeds - 1} | ${sources} | ${asMoment(Date.parse(begun))} | ${minutes.toFixed(0)} | ${processes} |`;
}

function neverTable(parts: readonly ReportPart[]): string[] {
  const never = neverReached(new Set(parts.flatMap(({ reached }) => Object.keys(reached))));
  const named = (all: readonly string[]): string => (all.length === 0 ? 'none' : all.join(', '));
  return [
    '| of the | never |',
    '| --- | --- |',
    `| records | ${named(never.records)} |`,
    `| causes of a halt | ${named(never.halts)} |`,
    `| limits that deny an order | ${named(never.denials)} |`,
  ];
}

function table(what: string, parts: readonly Record<string, number>[]): string[] {
  const sum = new Injected();
  for (const part of parts) for (const [name, times] of Object.entries(part)) sum.count(name, times);
  const most = [...sum.counts].sort((one, other) => other[1] - one[1] || one[0].localeCompare(other[0]));
  return [
    `| ${what} | times |`,
    '| --- | ---: |',
    ...most.map(([name, times]) => `| ${name} | ${number(times)} |`),
  ];
}

const asMoment = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const number = (value: number): string => value.toLocaleString('en-US');
