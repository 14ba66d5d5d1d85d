import type { Command } from 'commander';
import type { ApprovalShown } from '../../contracts/published.js';
import { moment } from '../../domain/moment.js';
import { MAY_STOP, rolesOf } from '../../domain/people-roles.js';
import type { GoLiveShown } from '../../operations/go-live/start-go-live.js';
import type { Operations } from '../../operations/operations.js';
import { loadDesk } from '../../venue/load-desk.js';
import {
  type ActOptions,
  actOptions,
  notProvenInTime,
  runLines,
  withinSeconds,
  withRun,
} from '../act-on-desk.js';
import { SIGNING_OPTION, signedInPerson, signedVote } from '../desk-person.js';
import { CliFailure, EXIT_FAILED, EXIT_OK, failureLines } from '../failure.js';
import { LISTED_MAX } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

export function approvalsCommand(command: Command): void {
  command
    .option('--all', 'closed ones too')
    .option('--json', 'for scripts')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const approvals = await withOperations((operations) => operations.listApprovals({ limit: LISTED_MAX }));
      const shown = approvals.filter(({ state }) => all === true || state === 'open');
      if (json === true) printJson(shown.map((approval) => withRun(approval)));
      else printLines(shown.length === 0 ? ['nothing waits for an approval'] : shown.flatMap(approvalLines));
    });
}

export function approvalLines(approval: ApprovalShown): string[] {
  const { id, title, state, outcome, parameters, lifts = [], votes, needed, roles, expiresMs } = approval;
  const voted = votes.map(({ person, choice, via }) => `${person} ${choice} (${via})`).join(', ');
  return [
    `${id}  ${state}${outcome === '' ? '' : `: ${outcome}`}`,
    `  ${title}`,
    ...lifts.map((halt) => `    ${halt}`),
    ...Object.entries(parameters).map(([key, value]) => `    ${key}: ${value}`),
    `  needs ${needed} (${roles.join(' or ')}) until ${moment(expiresMs)}${voted === '' ? '' : `; ${voted}`}`,
    ...runLines(approval),
  ];
}

/**
 * Of the review or the question that a go-live waits for: how it is done, who has agreed, and who may still. None while
 * Postgres is down.
 */
export async function votingLines(
  operations: Pick<Operations, 'listApprovals' | 'listTasks'>,
  { attempts, approvers }: Pick<GoLiveShown, 'attempts' | 'approvers'>,
): Promise<string[]> {
  const [all, tasks] = await Promise.all([
    operations.listApprovals().catch(() => []),
    operations.listTasks().catch(() => []),
  ]);
  const isOf = (workflowId: string | undefined) => attempts.some((one) => one.workflowId === workflowId);
  const reviews = tasks
    .filter(({ state, origin }) => state === 'open' && isOf(origin?.workflowId))
    .flatMap(({ id, title, dueMs }) => [
      `waits for a person until ${moment(dueMs)}: ${title}`,
      `  once it is done: fermata task done ${id} --note TEXT`,
    ]);
  const questions = all
    .filter(({ state, workflowId }) => state === 'open' && isOf(workflowId))
    .flatMap(({ id, title, votes, needed, expiresMs }) => {
      const agreed = votes.filter(({ choice }) => choice === 'approve').map(({ person }) => person);
      const others = approvers.filter((name) => !votes.some(({ person }) => person === name));
      return [
        `waits for people until ${moment(expiresMs)}: ${title}`,
        `  agreed: ${agreed.join(', ') || 'nobody yet'}; ${needed - agreed.length} more needed, of: ${others.join(', ') || 'nobody is left'}`,
        `  to vote: fermata approve ${id} --reason TEXT`,
      ];
    });
  return [...reviews, ...questions];
}

const TIMEOUT_SECONDS = 30;

interface ApproveOptions extends ActOptions {
  readonly reject?: boolean;
  readonly signingPasswordFile?: string;
}

/** Even if no answer came, the vote may have been counted. */
const NOT_COUNTED = {
  keptSafe: 'the desk goes on as it was, and the same vote counts once, however often it is sent',
  doThis: 'look at it as it is now: fermata approvals --all',
};

/**
 * A vote of the signed-in person. The approval defines which roles may vote, and that is checked with the
 * vote.
 */
export function approveCommand(command: Command): void {
  actOptions(command.argument('<id>', 'as fermata approvals shows it'), TIMEOUT_SECONDS)
    .option('--reject', 'vote against it')
    .option(...SIGNING_OPTION)
    .action(
      async (id: string, { reason, as, timeout, json, reject, signingPasswordFile }: ApproveOptions) => {
        process.exitCode = await withOperations(async (operations, runtime) => {
          const person = signedInPerson(runtime, MAY_STOP, as);
          const approval = (await operations.listApprovals()).find((each) => each.id === id);
          if (!approval) {
            throw new CliFailure(
              `there is no approval ${id}`,
              'nothing was decided',
              'fermata approvals lists them',
            );
          }
          if (json !== true) printLines(approvalLines(approval));
          const roles = rolesOf(loadDesk(runtime.deskFile).desk.people, person);
          const own =
            reject === true || !roles.some((role) => approval.roles.includes(role))
              ? {}
              : await signedVote(runtime, operations, person, { approval: id }, signingPasswordFile);
          const vote = operations.castVote(
            { person, via: 'cli' },
            {
              approval: id,
              choice: reject === true ? 'reject' : 'approve',
              parametersHash: approval.parametersHash,
              reason,
              ...own,
            },
          );
          const result = await withinSeconds(timeout, vote, notProvenInTime('the vote', timeout));
          if (json === true) printJson({ ...result, ...(result.ok ? {} : NOT_COUNTED) });
          else
            printLines(
              result.ok
                ? [`✓ ${result.detail}`]
                : failureLines({ message: result.detail, ...NOT_COUNTED, exitCode: EXIT_FAILED }),
            );
          return result.ok ? EXIT_OK : EXIT_FAILED;
        });
      },
    );
}
