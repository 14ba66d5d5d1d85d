import type { Command } from 'commander';
import type { KpisShown } from '../../operations/results/read-kpis.js';
import { kpiLine } from '../../reports/kpis.js';
import { MARKS, printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

const VERDICTS = {
  alarm: 'fail',
  missed: 'warn',
  ok: 'pass',
  tooFew: 'not_run',
  unknown: 'not_run',
} as const;

export function kpisCommand(command: Command): void {
  command.option('--json', 'for scripts').action(async ({ json }: { readonly json?: boolean }) => {
    const shown = await withOperations((operations) => operations.showKpis());
    if (json === true) printJson(shown);
    else printLines(kpisLines(shown));
  });
}

export function kpisLines({ machineTime, kpis }: KpisShown): string[] {
  if (kpis.length === 0) return ['the desk file has no KPIs (docs/ROUTINES.md, "KPIs")'];
  const clock = machineTime ? ['! the trader does not answer: days are by this machine’s clock'] : [];
  return [...clock, ...kpis.map((kpi) => `${MARKS[VERDICTS[kpi.state]]} ${kpiLine(kpi)}`)];
}
