import type { Command } from 'commander';
import type { ApprovalShown } from '../../contracts/published.js';
import { moment } from '../../domain/moment.js';
import { runLines, withRun } from '../act-on-desk.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

export function approvalsCommand(command: Command): void {
  command
    .option('--all', 'closed ones too')
    .option('--json', 'for scripts')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const approvals = await withOperations((operations) => operations.listApprovals());
      const shown = approvals.filter(({ state }) => all === true || state === 'open');
      if (json === true) printJson(shown.map((approval) => withRun(approval)));
      else printLines(shown.length === 0 ? ['nothing waits for an approval'] : shown.flatMap(approvalLines));
    });
}

export function approvalLines(approval: ApprovalShown): string[] {
  const { id, title, state, outcome, parameters, votes, needed, roles, expiresMs } = approval;
  const voted = votes.map(({ person, choice, via }) => `${person} ${choice} (${via})`).join(', ');
  return [
    `${id}  ${state}${outcome === '' ? '' : `: ${outcome}`}`,
    `  ${title}`,
    ...Object.entries(parameters).map(([key, value]) => `    ${key}: ${value}`),
    `  needs ${needed} (${roles.join(' or ')}) until ${moment(expiresMs)}${voted === '' ? '' : `; ${voted}`}`,
    ...runLines(approval),
  ];
}
