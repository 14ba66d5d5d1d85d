import { useState } from 'preact/hooks';
import type { Task } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { age, CLOCK, day, minuteOfDay } from '../format.js';
import type { Action } from '../view/action.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { readable } from '../view/words.js';

const CLOSED_SHOWN = 8;

interface TasksProps {
  readonly api: DeskApi;
  readonly mayDo: boolean;
  readonly action: Action;
  readonly looked: number;
}

export function Tasks({ api, mayDo, action, looked }: TasksProps) {
  const tasks = usePolled(() => api.tasks(), 10_000, looked);
  const [asked, setAsked] = useState<Task | null>(null);
  const all = tasks.value?.tasks ?? [];
  const open = all.filter(({ state }) => state === 'open');
  const closed = all.filter(({ state }) => state !== 'open').slice(0, CLOSED_SHOWN);
  const done = (task: Task, note: string): void => {
    setAsked(null);
    void action.run(async () => {
      // The dialog can only be confirmed once every item is ticked.
      await api.taskDone(
        task.id,
        note,
        (task.items ?? []).map((_item, at) => at + 1),
      );
      return { text: `Done: ${task.title}` };
    });
  };
  return (
    <Panel title="Tasks" area="section" aside={open.length || ''} problem={tasks.problem}>
      {open.length === 0 && <Empty>{tasks.value === null ? 'Reading…' : 'No task is open.'}</Empty>}
      <ul class="cards">
        {open.map((task) => (
          <OpenTask
            key={task.id}
            task={task}
            busy={action.busy}
            mayDo={mayDo}
            onDone={() => setAsked(task)}
          />
        ))}
      </ul>
      {closed.length > 0 && (
        <ul class="lines">
          {closed.map((task) => (
            <ClosedTask key={task.id} task={task} />
          ))}
        </ul>
      )}
      {asked !== null && (
        <ReasonDialog
          title={asked.title}
          label="What was done and found"
          choice={(asked.items ?? []).map((item) => (
            <label key={item} class="tick">
              <input type="checkbox" required /> {item}
            </label>
          ))}
          go="Done"
          onGo={(note) => done(asked, note)}
          onCancel={() => setAsked(null)}
        >
          <p>{readable(asked.detail)}</p>
        </ReasonDialog>
      )}
    </Panel>
  );
}

interface OpenTaskProps {
  readonly task: Task;
  readonly busy: boolean;
  readonly mayDo: boolean;
  readonly onDone: () => void;
}

function OpenTask({ task, busy, mayDo, onDone }: OpenTaskProps) {
  return (
    <li class="card-line">
      <div class="card-head">
        <b>{task.title}</b>
        <Due dueMs={task.dueMs} />
      </div>
      <p>{readable(task.detail)}</p>
      <p class="soft">
        Asked {day(task.createdMs)} {minuteOfDay(task.createdMs)} {CLOCK}
        {task.origin !== undefined && `, part of: ${task.origin.routine}`}
      </p>
      <div class="card-buttons">
        <button
          type="button"
          class="button small"
          disabled={busy || !mayDo}
          title={mayDo ? '' : 'This takes the role operator or approver'}
          onClick={onDone}
        >
          Done…
        </button>
      </div>
    </li>
  );
}

function ClosedTask({ task: { title, state, doneBy, note, finishedMs } }: { readonly task: Task }) {
  return (
    <li>
      <span>
        {title} <span class="soft">{note}</span>
      </span>
      <span class="soft">
        {state} {doneBy !== null && `by ${doneBy}`}{' '}
        {finishedMs !== null && `${day(finishedMs)} ${minuteOfDay(finishedMs)} ${CLOCK}`}
      </span>
    </li>
  );
}

function Due({ dueMs }: { readonly dueMs: number }) {
  const leftMs = dueMs - Date.now();
  return leftMs < 0 ? (
    <span class="lamp alarm">overdue by {age(-leftMs)}</span>
  ) : (
    <span class="soft">due in {age(leftMs)}</span>
  );
}
