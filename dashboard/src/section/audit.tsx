import { useEffect, useRef, useState } from 'preact/hooks';
import type { AuditPage, AuditQuery } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { asProblem, NO_ANSWER_YET, type Problem } from '../connection/problem.js';
import { unlessSlow } from '../connection/use-polled.js';
import { CLOCK, day, timeOfDay } from '../format.js';
import { CsvButton } from '../view/csv-button.js';
import { Empty, Panel } from '../view/panel.js';
import { type Column, Table } from '../view/table.js';
import { readable, sentence } from '../view/words.js';

type Entry = AuditPage['entries'][number];
type Filter = Readonly<Record<'person' | 'action' | 'from' | 'to', string>> & {
  readonly via: NonNullable<AuditQuery['via']> | '';
};

const NO_FILTER: Filter = { person: '', action: '', via: '', from: '', to: '' };
const TYPING_MS = 400;

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'When', cell: ({ wallMs }) => `${day(wallMs)} ${timeOfDay(wallMs)} ${CLOCK}` },
  { title: 'Who', cell: ({ person }) => <b>{person}</b> },
  { title: 'Via', cell: ({ via }) => via },
  { title: 'What', cell: ({ actionWords }) => sentence(actionWords) },
  { title: 'With', cell: ({ parameters }) => <code class="soft">{shown(parameters)}</code>, long: true },
  { title: 'Outcome', cell: ({ outcome }) => readable(outcome), long: true },
];

export function Audit({ api }: { readonly api: DeskApi }) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [seen, setSeen] = useState<Seen>(NOTHING_SEEN);
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  /** Counts the reads: an answer is used only if none was begun after it. */
  const asked = useRef(0);
  const read = async (before: string | null, known: readonly Entry[]): Promise<void> => {
    asked.current += 1;
    const mine = asked.current;
    try {
      const page = await unlessSlow(api.audit(queryOf(filter, before, seen.actions)), () => {
        if (mine === asked.current) setProblem(NO_ANSWER_YET);
      });
      if (mine !== asked.current) return;
      setEntries([...known, ...page.entries]);
      setSeen((before) => withAll(before, page.entries));
      setCursor(page.nextCursor);
      setProblem(null);
    } catch (error) {
      if (mine === asked.current) setProblem(asProblem(error));
    }
  };
  useEffect(() => {
    // Until the answer comes, the previous filter's entries stay, and nothing may be added to them.
    asked.current += 1;
    setCursor(null);
    const timer = setTimeout(() => void read(null, []), entries === null ? 0 : TYPING_MS);
    return () => clearTimeout(timer);
  }, [JSON.stringify(filter)]);
  return (
    <div class="sections">
      <Panel
        title="Who did what"
        area="section"
        problem={problem}
        aside={
          <CsvButton
            api={api}
            what="audit"
            filtered={isFiltered ? () => api.auditCsv(queryOf(filter, null, seen.actions)) : null}
          />
        }
      >
        <Filters filter={filter} onFilter={setFilter} seen={seen} />
        {entries === null || entries.length === 0 ? (
          <Empty>
            {entries === null ? 'Reading the audit trail…' : isFiltered ? 'No entry fits.' : 'No entry yet.'}
          </Empty>
        ) : (
          <Table
            blocks
            caption="Audit trail, newest first"
            columns={COLUMNS}
            rows={entries}
            keyOf={({ id }) => String(id)}
          />
        )}
        {cursor !== null && entries !== null && (
          <button type="button" class="button small" onClick={() => void read(cursor, entries)}>
            Older
          </button>
        )}
      </Panel>
    </div>
  );
}

/** Values seen so far, offered while a filter is typed. */
interface Seen {
  readonly people: ReadonlySet<string>;
  /** The code of each action by its words, which people type. */
  readonly actions: ReadonlyMap<string, string>;
}

const NOTHING_SEEN: Seen = { people: new Set(), actions: new Map() };

function withAll({ people, actions }: Seen, entries: readonly Entry[]): Seen {
  const coded = entries.map(({ action, actionWords }) => [sentence(actionWords), action] as const);
  return {
    people: new Set([...people, ...entries.map(({ person }) => person)]),
    actions: new Map([...actions, ...coded]),
  };
}

interface FiltersProps {
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly seen: Seen;
}

function Filters({ filter, onFilter, seen }: FiltersProps) {
  const set = (name: keyof Filter) => (event: { readonly currentTarget: { readonly value: string } }) =>
    onFilter({ ...filter, [name]: event.currentTarget.value });
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Person
        <input value={filter.person} onInput={set('person')} maxLength={64} list="people-seen" />
      </label>
      <Offered id="people-seen" values={[...seen.people]} />
      <label>
        Action
        <input value={filter.action} onInput={set('action')} maxLength={64} list="actions-seen" />
      </label>
      <Offered id="actions-seen" values={[...seen.actions.keys()]} />
      <label>
        Via
        <select value={filter.via} onChange={set('via')}>
          <option value="">any</option>
          <option value="web">web</option>
          <option value="cli">command line</option>
          <option value="telegram">Telegram</option>
        </select>
      </label>
      <label>
        From (UTC)
        <input type="datetime-local" value={filter.from} onInput={set('from')} />
      </label>
      <label>
        To (UTC)
        <input type="datetime-local" value={filter.to} onInput={set('to')} />
      </label>
    </form>
  );
}

function Offered({ id, values }: { readonly id: string; readonly values: readonly string[] }) {
  return (
    <datalist id={id}>
      {[...values].sort().map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}

/** The query from the filled-in form. Both times are UTC, as their labels say, whatever the page's time zone is. */
function queryOf(
  { person, action, via, from, to }: Filter,
  before: string | null,
  codes: Seen['actions'],
): AuditQuery {
  const utc = (text: string): string => `${text}:00Z`.replace(/(:\d\d:\d\d):00Z$/, '$1Z');
  return {
    ...(person && { person }),
    ...(action && { action: codes.get(action) ?? action }),
    ...(via && { via }),
    ...(from && { from: utc(from) }),
    ...(to && { to: utc(to) }),
    ...(before !== null && { before: Number(before) }),
  };
}

/** Nested values under their own names only: the name of the group says little. */
function shown(parameters: Entry['parameters']): string {
  return Object.entries(parameters)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) =>
      typeof value === 'object' && !Array.isArray(value)
        ? shown(value as Entry['parameters'])
        : `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`,
    )
    .join(', ');
}
