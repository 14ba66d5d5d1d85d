/** One look at a desk with real money: the trader's own word, and its fills as the ledger has them. */
import { causeOf } from '../../../domain/cause-of.js';
import type { GoLiveRun } from './go-live-run.js';

export interface Look {
  /** Why it is no longer live; null: it is. */
  readonly ended: string | null;
  readonly problems: readonly string[];
  readonly text: string;
}

/** What can't be looked at is a problem, not an error: the next look comes soon. */
export async function lookAtLive(run: GoLiveRun, fillsSinceMs: number): Promise<Look> {
  const [desk, wrongFills] = await Promise.all([lookAtDesk(run), lookAtFills(run, fillsSinceMs)]);
  return { ...desk, problems: [...desk.problems, ...wrongFills] };
}

async function lookAtDesk({ engine, input: { release, attempt } }: GoLiveRun): Promise<Look> {
  try {
    const facts = await engine.readLiveFacts.executeWithOptions({ summary: 'Look at the desk' }, []);
    const granted =
      facts.granted !== null && facts.granted.release === release && facts.granted.attempt === attempt;
    const text = `${facts.mode}, equity ${facts.equity}, drawdown ${facts.drawdownPct} %, ${facts.fills} fills`;
    const ended = granted ? null : `the permission is no longer in force: ${facts.reason}`;
    return { ended, problems: facts.problems, text };
  } catch (error) {
    // The trader may be restarting; the supervisor cares for it.
    const problem = `the trader did not answer: ${causeOf(error)}`;
    return { ended: null, problems: [problem], text: problem };
  }
}

async function lookAtFills({ calls }: GoLiveRun, sinceMs: number): Promise<readonly string[]> {
  const bounds = { summary: 'Look at the fills', scheduleToCloseTimeout: '1 minute' } as const;
  try {
    return (await calls.readLiveFills.executeWithOptions(bounds, [sinceMs])).problems;
  } catch (error) {
    return [`the fills could not be read: ${causeOf(error)}`];
  }
}
