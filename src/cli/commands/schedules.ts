import type { Command } from 'commander';
import { moment } from '../../domain/moment.js';
import type { ScheduledRun } from '../../operations/run-routine.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

export function schedulesCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { json?: boolean }) => {
    const schedules = await withOperations((operations) => operations.listSchedules());
    if (json === true) {
      printJson(schedules);
    } else {
      printLines(schedules.length === 0 ? ['nothing is scheduled'] : schedules.map(scheduleLine));
    }
  });
}

const NOT_DUE = { timed: 'none due', start: 'at each start', asked: 'when somebody runs it' } as const;

function scheduleLine(schedule: ScheduledRun): string {
  const { routine, title, when, paused, note, clock, nextMarketMs } = schedule;
  const due = nextMarketMs === null ? NOT_DUE[when] : `${timeText(nextMarketMs)} ${clock} time`;
  const next = paused ? `paused${note === '' ? '' : `: ${note}`}` : due;
  return `${routine.padEnd(16)} ${next.padEnd(34)} ${lastRun(schedule).padEnd(34)} ${title}`;
}

function lastRun({ known, last }: ScheduledRun): string {
  if (!known) return 'last run not known: no database';
  return last === null ? 'never ran' : `last ${timeText(last.nominalMs)} ${last.verdict ?? 'running'}`;
}

function timeText(ms: number): string {
  return moment(ms);
}
