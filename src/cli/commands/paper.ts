import type { Command } from 'commander';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import { runtimeHere } from '../../home/runtime-here.js';
import { printJson, printLines } from '../output.js';
import { resetPaper } from '../paper-reset.js';
import { fermataHome } from '../running-desk.js';

export function paperCommand(command: Command): void {
  command
    .command('reset')
    .description('begin again with the paper balance of the desk file; what was is kept beside, not deleted')
    .option('--desk <name>', 'desk, where several were started here')
    .option('--json', 'for scripts')
    .action((options: { desk?: string; json?: boolean }) => {
      const home = fermataHome();
      const desk = options.desk ?? runtimeHere(home)?.desk ?? DEFAULT_DESK;
      const reset = resetPaper(home, desk, new Date());
      if (options.json === true) {
        printJson({ desk, ...reset });
        return;
      }
      printLines([
        `✓ the next start of ${desk} begins with the paper balance of its desk file`,
        `  what was before is kept in ${reset.keptIn}`,
      ]);
    });
}
