/**
 * What a roll takes after its approval: the trader starts again with the new contract, and it is read back that it has.
 * Until then the trader enters nothing, whatever becomes of this run.
 */
import { sleep } from '@temporalio/workflow';
import type { CheckOutcome } from '../../contracts/routine.js';
import type { SettingsChangeInput } from '../../contracts/settings.js';
import { causeOf } from '../../domain/message-of.js';
import { isMonthKey, type SettingChange, symbolOfMonth } from '../../domain/settings-change.js';
import type { EvidenceTrail } from '../evidence-trail.js';
import { showPhase } from '../show.js';
import { restartCalls } from './incident/calls.js';
import { proofCalls, recordCalls } from './operations-calls.js';

const LOOK_EVERY_MS = 5_000;
/** Ten minutes; a worker that ended may have taken the order to restart along, so it is given once more half way. */
const LOOKS = 120;
const RESTART_AT = [0, 60];

export const rollsOf = ({ proposal }: SettingsChangeInput): readonly SettingChange[] =>
  proposal.changes.filter(({ key }) => isMonthKey(key));

/** Evidence of the contract that is left, with its price: whatever it says, the trader judges whether it can be left. */
export async function lookBefore(input: SettingsChangeInput, trail: EvidenceTrail): Promise<void> {
  for (const change of rollsOf(input)) {
    const startedMs = Date.now();
    const outcome = await look(input, change, 'from');
    keep(input, trail, { change, step: 'before', name: 'Contract before the roll', startedMs, outcome });
  }
}

/** In words. */
export async function bringIntoForce(input: SettingsChangeInput, trail: EvidenceTrail): Promise<string> {
  const changes = rollsOf(input);
  const startedMs = Date.now();
  showPhase('Rolled; the trader starts again with the new contract', changes.map(changeWords));
  let open = changes.map((change): Looked => ({ change, outcome: NOT_YET }));
  for (let count = 0; count < LOOKS && open.some(isOpen); count += 1) {
    if (RESTART_AT.includes(count)) await restart(input);
    else await sleep(LOOK_EVERY_MS);
    open = await Promise.all(
      open.map(async (one) =>
        isOpen(one) ? { change: one.change, outcome: await look(input, one.change, 'to') } : one,
      ),
    );
  }
  for (const { change, outcome } of open)
    keep(input, trail, { change, step: 'proof', name: 'Contract after the roll', startedMs, outcome });
  const failed = open.filter(isOpen);
  await tell(input, open);
  if (failed.length === 0) return `${changes.map(changeWords).join(', ')}: proven`;
  return `not proven within ten minutes: ${failed.map(({ outcome }) => outcome.observed).join('; ')}`;
}

interface Looked {
  readonly change: SettingChange;
  readonly outcome: CheckOutcome;
}

const NOT_YET: CheckOutcome = { verdict: 'not_run', observed: 'not looked at', expected: '' };

const isOpen = ({ outcome }: Looked): boolean => outcome.verdict !== 'pass';

const changeWords = ({ key, from, to }: SettingChange): string => `${symbolOfMonth(key)} ${from} → ${to}`;

async function restart({ desk }: SettingsChangeInput): Promise<void> {
  // Whoever can't restart it: the looks say that it has not started again, and people are told what to type.
  await restartCalls(desk)
    .restartProcess.executeWithOptions({ summary: 'Start the trader with the new contract' }, ['trader'])
    .catch(() => {});
}

function look({ desk }: SettingsChangeInput, { key, ...months }: SettingChange, which: 'from' | 'to') {
  const symbol = symbolOfMonth(key);
  return proofCalls(desk)
    .runCheck.executeWithOptions({ summary: `Contract of ${symbol}` }, [
      { check: 'contract-in-force', with: { symbol, month: String(months[which]) } },
    ])
    .catch(
      (error: unknown): CheckOutcome => ({
        verdict: 'not_run',
        observed: `it could not be looked at: ${causeOf(error)}`,
        expected: `${symbol} is ${months[which]}`,
      }),
    );
}

interface Kept extends Looked {
  readonly step: string;
  readonly name: string;
  readonly startedMs: number;
}

function keep(
  { approvalId, simulated }: SettingsChangeInput,
  trail: EvidenceTrail,
  { change, step, name, startedMs, outcome }: Kept,
): void {
  const symbol = symbolOfMonth(change.key);
  trail.add({
    routine: 'settings',
    stepKey: `${step}-${symbol.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`,
    attemptGroup: 0,
    name: `${name}: ${changeWords(change)}`,
    kind: 'check',
    verdict: outcome.verdict,
    observed: outcome.observed,
    expected: outcome.expected,
    startedMs,
    finishedMs: Date.now(),
    marketMs: null,
    person: null,
    reference: approvalId,
    simulated,
  });
}

/** People hear that it is done, or what they have to do; nothing is entered until then. */
async function tell(
  { desk, approvalId, evidenceMs }: SettingsChangeInput,
  looked: readonly Looked[],
): Promise<void> {
  const open = looked.filter(isOpen);
  const done = open.length === 0;
  const words = looked.map(({ change }) => changeWords(change)).join(', ');
  await recordCalls(desk, evidenceMs)
    .notify.executeWithOptions({ summary: 'Tell people of the roll' }, [
      {
        desk,
        event: 'system',
        severity: done ? 'info' : 'critical',
        ...(done ? {} : { about: 'contract-ends' as const }),
        title: done ? `Rolled: ${words}` : `Rolled, and not proven: ${words}`,
        text: done
          ? looked.map(({ outcome }) => outcome.observed).join('\n')
          : `${open.map(({ outcome }) => outcome.observed).join('\n')}\nNothing is entered until the trader has started with the new contract: fermata restart trader, then fermata status.`,
        fingerprint: `roll:${approvalId}`,
        audience: ['approver', 'operator'],
      },
    ])
    .catch(() => {});
}
