/** The statement that a person signs for a vote about real money, and the decisions that this process signs. */
import type { Approval } from '../contracts/approval.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { type CoinOwner, coinsSubject } from '../domain/cash-and-coins.js';
import { HOUR_MS } from '../domain/civil-date.js';
import { type Decision, type DecisionFields, decisionSubject, signDecision } from '../domain/decision.js';
import { GO_LIVE_APPROVAL } from '../domain/go-live-terms.js';
import { sizeSubject } from '../domain/settings-change.js';
import { chatCodeOf, realMoneyKindOf } from '../domain/signed-vote.js';
import type { StatementToSign } from '../domain/vote-statement.js';
import { findApproval } from '../store/approval-rows.js';
import { readStatus } from '../trader/read-status.js';
import type { Caller, OperationContext } from './operation.js';

export type ToDecide =
  | { readonly approval: string }
  | { readonly resume: { readonly sizePct?: number | undefined } }
  | {
      readonly coins: {
        readonly symbol: string;
        readonly owner: CoinOwner;
        readonly cost: string | null;
      };
    }
  | { readonly size: { readonly sizePct: number } };

/** A request that is its own approval reaches the trader at once. */
const APPROVED_NOW_MS = 60_000;
/** Long enough for a person to type a password. */
const DECISION_VALID_MS = 10 * 60_000;

/** For what follows the cooling-off: the checks again, evidence, and a trader that is restarting. */
const AFTER_COOLING_OFF_MS = 30 * 60_000;

/** A vote that decides by itself stays valid after its question closes, because the cooling-off follows. */
export function voteExpiresMs(
  { desk: { goLive } }: Pick<OperationContext, 'desk'>,
  { kind, needed, expiresMs }: Pick<Approval, 'kind' | 'needed' | 'expiresMs'>,
): number {
  const decidesAlone = kind === GO_LIVE_APPROVAL && needed < 2;
  return decidesAlone ? expiresMs + goLive.coolingOffHours * HOUR_MS + AFTER_COOLING_OFF_MS : expiresMs;
}

/** Null if the vote needs no signature. Rejects with `TraderUnavailable`, or while Postgres is down. */
export async function statementToSign(
  context: OperationContext,
  decided: ToDecide,
): Promise<StatementToSign | null> {
  const { desk, nowMs } = context;
  if (desk.mode !== 'live') return null;
  const status = await readStatus(context);
  const said = { desk: desk.desk, account: status.incarnation, configHash: status.configHash };
  const soon = nowMs() + DECISION_VALID_MS;
  if ('approval' in decided) {
    const approval = await findApproval(context.pool, desk.desk, decided.approval);
    const kind = approval === null ? undefined : realMoneyKindOf(desk.mode, approval.kind);
    if (approval === null || kind === undefined) return null;
    return {
      ...said,
      kind,
      subject: decisionSubject(approval),
      choice: 'approve',
      sizePct: null,
      expiresWallMs: voteExpiresMs(context, approval),
    };
  }
  if ('size' in decided) {
    const { sizePct } = decided.size;
    if (sizePct <= status.sizePct) return null;
    const subject = sizeSubject(status.sizePct, sizePct);
    return { ...said, kind: 'size', subject, choice: 'approve', sizePct: null, expiresWallMs: soon };
  }
  if ('coins' in decided) {
    const found = status.coins.find(({ symbol }) => symbol === decided.coins.symbol);
    if (found === undefined || Number(found.nobodys) === 0) return null;
    const subject = coinsSubject({ ...decided.coins, nobodys: found.nobodys });
    return { ...said, kind: 'coins', subject, choice: 'approve', sizePct: null, expiresWallMs: soon };
  }
  const { sizePct = null } = decided.resume;
  if (status.haltId === null || !takesOwnVote(status, sizePct)) return null;
  return { ...said, kind: 'resume', subject: status.haltId, choice: 'resume', sizePct, expiresWallMs: soon };
}

function takesOwnVote({ halts, sizePct: nowPct }: TraderStatus, sizePct: number | null): boolean {
  return halts.some(({ cause }) => cause === 'kill') || (sizePct !== null && sizePct > nowPct);
}

type What = Pick<
  DecisionFields,
  'decisionId' | 'choice' | 'subject' | 'expiresWallMs' | 'sizePct' | 'reason'
> & { readonly signature?: string | undefined };

/** Signs the decision of a person who signed in here, so that others can verify it. */
export function signAs(
  { desk, decisionKey, chatKey, nowMs }: OperationContext,
  { person, via }: Caller,
  what: What,
): Decision {
  const { signature, ...decided } = what;
  const said = { ...decided, desk: desk.desk, person, via, atWallMs: nowMs() };
  const own = signature === undefined ? {} : { signature };
  const chat = chatKey === undefined || via !== 'telegram' ? {} : { chatCode: chatCodeOf(chatKey(), said) };
  return signDecision(decisionKey(), { ...said, ...own, ...chat });
}

/** Signs a person's approval of their own request. */
export function approveNow(
  context: OperationContext,
  caller: Caller,
  what: Pick<What, 'decisionId' | 'subject' | 'signature'>,
): Decision {
  const expiresWallMs = context.nowMs() + APPROVED_NOW_MS;
  return signAs(context, caller, { ...what, choice: 'approve', expiresWallMs });
}
