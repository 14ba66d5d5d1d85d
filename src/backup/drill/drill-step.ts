import { messageOf } from '../../domain/message-of.js';

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

/** Runs the steps one after the other; after a failure the others are not run. */
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
