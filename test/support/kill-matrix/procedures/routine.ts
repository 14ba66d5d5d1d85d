/** A routine with a step of every kind: checks, a report, an action, and something for a person. */

import { routineId } from '../../../../src/contracts/queues.js';
import { startRoutine } from '../../../../src/temporal/start-runs.js';
import { loadDesk } from '../../../../src/venue/load-desk.js';
import { until } from '../../eventually.js';
import { countOf, OPERATOR } from '../bench.js';
import { EVERY_KIND } from '../desk-file.js';
import type { Procedure } from '../procedure.js';
import { backupsSince } from './backup.js';

/** One of the desk file, whenever it is due. */
export const routineNamed = (name: string, named = `the routine ${name}`): Procedure => ({
  name: named,
  // A step that looks for errors finds those of the kill, and may be one whose failure opens an incident.
  sometimes: ['Incident opened'],
  carryOut: async (bench, watch) => {
    const { desk } = loadDesk(bench.runtime.deskFile);
    const found = desk.routines.find((routine) => routine.name === name);
    if (found === undefined) throw new Error(`the desk has no routine ${name}`);
    const nominalMs = Date.now();
    const id = routineId(desk.desk, found.name, nominalMs);
    watch(id);
    const occasion = {
      cause: 'person',
      nominalMs,
      marketMs: nominalMs,
      incarnation: null,
      person: OPERATOR.person,
      simulated: true,
    } as const;
    await until('the routine is under way', () => startRoutine(bench.temporal, desk, found, occasion, id));
  },
  leaves: async (bench, { workflowId, firstRunId }) => {
    const key = [workflowId, firstRunId];
    const ofRun = 'workflow_id = $1 and first_run_id = $2';
    return {
      runs: await countOf(bench, `routine_run where ${ofRun} and finished is not null`, key),
      tasks: await countOf(bench, `task where ${ofRun}`, key),
      told: await countOf(
        bench,
        `notice where fingerprint in (select 'task:' || desk || ':' || id from task where ${ofRun})`,
        key,
      ),
      ...(await backupsSince(bench, firstRunId)),
    };
  },
});

export const routine = routineNamed(EVERY_KIND.name, 'a routine');
