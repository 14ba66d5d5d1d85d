import { useState } from 'preact/hooks';
import type { JournalDay } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay, signed, tone } from '../format.js';
import { ActionNotice, useAction } from '../view/action.js';
import { Stat } from '../view/figures.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { readable } from '../view/words.js';

const DAYS_SHOWN = 30;

/** The result of each of the desk's days, and people's notes about it. */
export function Journal({ api, mayNote }: { readonly api: DeskApi; readonly mayNote: boolean }) {
  const action = useAction();
  const [asking, setAsking] = useState(false);
  const journal = usePolled(() => api.journal(DAYS_SHOWN), 15_000, `journal ${action.busy}`);
  const note = (text: string): void => {
    setAsking(false);
    void action.run(async () => ({ text: `Noted on ${(await api.noteInJournal(text)).date}` }));
  };
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel
        title="Trading journal"
        area="section"
        problem={journal.problem}
        aside={
          mayNote && (
            <button type="button" class="button small" disabled={action.busy} onClick={() => setAsking(true)}>
              Note on today…
            </button>
          )
        }
      >
        {(journal.value ?? []).length === 0 && (
          <Empty>{journal.value === null ? 'Reading the journal…' : 'No day has an entry yet.'}</Empty>
        )}
        <ul class="cards">
          {(journal.value ?? []).map((entry) => (
            <Day key={entry.date} entry={entry} />
          ))}
        </ul>
      </Panel>
      {asking && (
        <ReasonDialog
          title="Note in the trading journal"
          label="What the figures do not say"
          go="Note"
          onGo={note}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function Day({ entry: { date, figures, positions, notes } }: { readonly entry: JournalDay }) {
  return (
    <li class="card-line">
      <div class="card-head">
        <b>{date}</b>
        <span class="soft">
          {figures === null
            ? 'no figures yet'
            : `as of ${day(figures.writtenMs)} ${minuteOfDay(figures.writtenMs)} ${CLOCK}`}
        </span>
      </div>
      {figures !== null && (
        <dl class="stats">
          <Stat label="Setups detected" value={String(figures.setups)} />
          <Stat label="Orders placed" value={String(figures.orders)} />
          <Stat label="Trades closed" value={String(figures.trades)} />
          <Stat
            label={`P&L after fees, ${figures.currency}`}
            value={signed(figures.result)}
            look={tone(figures.result)}
          />
        </dl>
      )}
      {positions.map(({ text }) => (
        <p key={text}>{readable(text)}</p>
      ))}
      {notes.map(({ id, person, text, writtenMs }) => (
        <p key={id}>
          <span class="soft">
            {person}, {day(writtenMs)} {minuteOfDay(writtenMs)} {CLOCK}
          </span>{' '}
          {text}
        </p>
      ))}
    </li>
  );
}
