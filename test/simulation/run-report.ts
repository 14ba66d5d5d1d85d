/** What a run of many seeds came to: a line for the screen, a page that is kept. */
import { Injected } from './injected.js';
import type { SimulationResult } from './run-seed.js';

export class RunReport {
  readonly failed: number[] = [];
  readonly #totals = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0 };
  readonly #injected = new Injected();
  readonly #reached = new Injected();
  readonly #startedMs = performance.now();
  readonly #begun = new Date();
  #seeds = 0;

  constructor(
    private readonly from: number,
    private readonly wanted: number,
  ) {}

  add(result: SimulationResult): void {
    this.#seeds += 1;
    if (result.violations.length > 0) this.failed.push(result.seed);
    for (const key of Object.keys(this.#totals) as (keyof SimulationTotals)[])
      this.#totals[key] += result[key];
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

  /** Markdown. */
  asPage(): string {
    const minutes = (performance.now() - this.#startedMs) / 60_000;
    const ended = this.#seeds < this.wanted ? `, of ${number(this.wanted)} that were asked for` : '';
    const failed = this.failed.length === 0 ? 'none' : this.failed.join(', ');
    return [
      '# A run of the simulation',
      '',
      `Written by \`npm run simulate -- --seeds ${this.wanted} --from ${this.from} --report FILE\`; nobody wrote in it.`,
      '',
      '| figure | value |',
      '| --- | ---: |',
      `| seeds | ${number(this.#seeds)}${ended} (${this.from} to ${this.from + this.#seeds - 1}) |`,
      `| failed | ${failed} |`,
      `| begun | ${this.#begun.toISOString().slice(0, 16)} UTC |`,
      `| time, one core | ${minutes.toFixed(0)} minutes |`,
      ...Object.entries(this.#totals).map(([what, times]) => `| ${what} | ${number(times)} |`),
      '',
      '## What was done to the desk',
      '',
      ...table('fault', this.#injected),
      '',
      '## What the core came to',
      '',
      ...table('path', this.#reached),
      '',
    ].join('\n');
  }
}

type SimulationTotals = Pick<SimulationResult, 'fills' | 'submits' | 'crashes' | 'armings' | 'adoptions'>;

function table(what: string, { counts }: Injected): string[] {
  const most = [...counts].sort((one, other) => other[1] - one[1]);
  return [
    `| ${what} | times |`,
    '| --- | ---: |',
    ...most.map(([name, times]) => `| ${name} | ${number(times)} |`),
  ];
}

const number = (value: number): string => value.toLocaleString('en-US');
