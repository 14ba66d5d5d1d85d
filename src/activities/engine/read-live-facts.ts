import type { LiveFacts } from '../../contracts/engine-activities.js';
import { callTrader, type TraderCalls } from './call-trader.js';

const ANSWER_MS = 2_000;
const NAMED_MAX = 10;

export async function readLiveFacts(trader: TraderCalls): Promise<LiveFacts> {
  const status = await callTrader(trader, 'status', {}, ANSWER_MS);
  const { reconciliation, positions, goLive } = status;
  const problems = [
    ...(status.mode === 'ACTIVE' ? [] : [`${status.mode}: ${status.reason}`]),
    ...(reconciliation.state === 'clean' ? [] : [`reconciliation: ${reconciliation.state}`]),
    ...reconciliation.differences
      .filter(({ rule }) => rule !== 'flag')
      .map(({ what, symbol, ours, venues }) => `${symbol} ${what}: ours ${ours}, the venue's ${venues}`),
    ...positions
      .filter(({ protection }) => protection === 'missing' || protection === 'closing')
      .map(({ symbol }) => `${symbol} has no protective stop`),
  ];
  const { granted } = goLive;
  return {
    mode: status.mode,
    reason: status.reason,
    haltId: status.haltId,
    configHash: status.configHash,
    incarnation: status.incarnation,
    granted:
      granted === null ? null : { release: granted.release, attempt: granted.attempt, step: granted.step },
    fills: status.fills,
    equity: status.equity,
    drawdownPct: status.drawdownPct,
    problems: problems.slice(0, NAMED_MAX),
  };
}
