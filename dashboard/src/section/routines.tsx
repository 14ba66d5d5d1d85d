import type { BackupRun, MissedRun, RoutineRun, ScheduledRun } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { typed } from '../typed.js';
import { ActionNotice, doneOf, useAction } from '../view/action.js';
import { RunLink } from '../view/links.js';
import { Empty, Panel } from '../view/panel.js';
import { ClockOf, dueText, inOrder } from '../view/routine.js';
import { causeOf, RunSteps, Verdict } from '../view/steps.js';
import { type Column, Table } from '../view/table.js';

const RUNS_SHOWN = 30;
const BACKUPS_SHOWN = 10;

/** The timetable, and below it every run with what each step expected and observed. */
export function Routines({ api, mayOperate }: { readonly api: DeskApi; readonly mayOperate: boolean }) {
  const action = useAction();
  const schedules = usePolled(() => api.schedules(), 10_000, `schedules ${action.busy}`);
  const runs = usePolled(() => api.routines(RUNS_SHOWN), 5_000, `runs ${action.busy}`);
  const backups = usePolled(() => api.backups(BACKUPS_SHOWN), 15_000, `backups ${action.busy}`);
  const due = inOrder(schedules.value ?? []);
  const list = runs.value?.runs ?? [];
  const missed = (runs.value?.missed ?? []).map((miss) => ({
    ...miss,
    title: due.find(({ routine }) => routine === miss.routine)?.title ?? miss.routine,
  }));
  const clock = <ClockOf schedules={due} />;
  const dates = [...new Set(list.map(({ nominalMs }) => day(nominalMs)))];
  const running: Column<ScheduledRun> = {
    title: 'Run',
    cell: ({ routine, title }) => (
      <button
        type="button"
        class="button small"
        aria-label={`Run now: ${title}`}
        disabled={action.busy}
        onClick={() => void action.run(async () => doneOf(await api.runRoutine(routine)))}
      >
        Run now
      </button>
    ),
  };
  const backUp = mayOperate && (
    <button
      type="button"
      class="button small"
      disabled={action.busy}
      onClick={() => void action.run(async () => doneOf(await api.takeBackup()))}
    >
      Back up and verify
    </button>
  );
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Timetable" area="section" problem={schedules.problem} aside={clock}>
        {due.length === 0 ? (
          <Empty>{schedules.value === null ? 'Reading the schedules…' : 'Nothing is scheduled.'}</Empty>
        ) : (
          <Table
            blocks
            caption="What runs when"
            columns={mayOperate ? [...TIMETABLE, running] : TIMETABLE}
            rows={due}
            keyOf={({ scheduleId }) => scheduleId}
          />
        )}
      </Panel>
      <Panel title="Backups and restore drills" area="section" aside={backUp} problem={backups.problem}>
        {(backups.value ?? []).length === 0 && (
          <Empty>
            {backups.value === null ? 'Reading the evidence…' : `None yet: ${typed('backup --verify')}.`}
          </Empty>
        )}
        {(backups.value ?? []).map((run) => (
          <Backup key={`${run.workflowId} ${run.runId}`} run={run} />
        ))}
      </Panel>
      {missed.length > 0 && (
        <Panel title="Did not run" area="section" aside={clock}>
          <Table
            blocks
            caption="When routines were due and did not run"
            columns={MISSED}
            rows={missed}
            keyOf={({ routine, nominalMs }) => `${routine} ${nominalMs}`}
          />
        </Panel>
      )}
      {list.length === 0 && (
        <Panel title="Runs" area="section" problem={runs.problem}>
          <Empty>{runs.value === null ? 'Reading the evidence…' : 'No routine has run yet.'}</Empty>
        </Panel>
      )}
      {dates.map((date, at) => (
        <Panel key={date} title={date} area="section" aside={clock} problem={at === 0 ? runs.problem : null}>
          {list
            .filter(({ nominalMs }) => day(nominalMs) === date)
            .map((run, index) => (
              <Run key={`${run.workflowId} ${run.startedMs}`} run={run} open={at === 0 && index === 0} />
            ))}
        </Panel>
      ))}
    </div>
  );
}

function Backup({ run }: { readonly run: BackupRun }) {
  const { routine, verdict, startedMs, finishedMs, person, steps, workflowId, runId } = run;
  const bad = steps.filter((step) => step.verdict !== 'pass');
  return (
    <details class="run">
      <summary>
        <Verdict verdict={verdict} /> <b>{routine === 'backup' ? 'Backup' : 'Restore drill'}</b>{' '}
        <span class="soft">
          {day(startedMs)} {minuteOfDay(startedMs)} {CLOCK},{' '}
          {person === null ? 'by a routine' : `asked for by ${person}`}, took{' '}
          {((finishedMs - startedMs) / 1000).toFixed(1)} s
          {bad.length > 0 && `; look at: ${bad.map(({ name }) => name).join(', ')}`}
        </span>
      </summary>
      <RunSteps steps={steps} />
      <RunLink workflowId={workflowId} runId={runId} />
    </details>
  );
}

function Run({ run, open }: { readonly run: RoutineRun; readonly open: boolean }) {
  const { title, nominalMs, startedMs, finishedMs, verdict, steps } = run;
  const bad = steps.filter((step) => step.verdict === 'fail' || step.verdict === 'warn');
  const took = finishedMs === null ? '' : `, took ${((finishedMs - startedMs) / 1000).toFixed(1)} s`;
  return (
    <details class="run" open={open}>
      <summary>
        <Verdict verdict={verdict} /> <b>{title}</b>{' '}
        <span class="soft">
          due {minuteOfDay(nominalMs)}, {causeOf(run)}
          {took}
          {bad.length > 0 && `; look at: ${bad.map(({ name }) => name).join(', ')}`}
        </span>
      </summary>
      {steps.length === 0 ? <Empty>No evidence yet.</Empty> : <RunSteps steps={steps} />}
      <RunLink workflowId={run.workflowId} />
    </details>
  );
}

const MISSED: readonly Column<MissedRun & { readonly title: string }>[] = [
  { title: 'Due', cell: ({ nominalMs }) => `${day(nominalMs)} ${minuteOfDay(nominalMs)}` },
  { title: 'Routine', cell: ({ title }) => <b>{title}</b> },
  { title: 'Why', long: true, cell: ({ reason }) => reason },
];

const NOT_DUE = {
  timed: 'not due',
  trades: 'after its trades',
  start: 'at each start',
  asked: 'when somebody runs it',
} as const;

const TIMETABLE: readonly Column<ScheduledRun>[] = [
  { title: 'Routine', cell: ({ title }) => <b>{title}</b> },
  {
    title: 'Next',
    long: true,
    cell: (scheduled) =>
      scheduled.paused ? (
        <span class="lamp caution">paused{scheduled.note && `: ${scheduled.note}`}</span>
      ) : (
        dueText(scheduled) || NOT_DUE[scheduled.when]
      ),
  },
  {
    title: 'Last',
    long: true,
    cell: ({ last, known }) =>
      last === null ? (
        known ? (
          'never'
        ) : (
          'not known'
        )
      ) : (
        <>
          <Verdict verdict={last.verdict} />{' '}
          <span class="soft">
            {day(last.nominalMs)} {minuteOfDay(last.nominalMs)}
          </span>
        </>
      ),
  },
];
