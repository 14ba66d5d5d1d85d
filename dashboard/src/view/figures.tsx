/** Figures by their names, and notes in words. */
import type { TraderStatus } from '../api/shapes.js';
import { readable, Words } from './words.js';

interface FiguresProps {
  readonly figures: TraderStatus['figures'];
  /** False: the status may be old. */
  readonly isCurrent: boolean;
}

const NOT_KNOWN = { value: 'not known', unit: '', detail: 'no word from the desk', tone: 'caution' } as const;

/** The key figures, in the words that Telegram and the command line have, too. */
export function Figures({ figures, isCurrent }: FiguresProps) {
  return (
    <dl class="figures" aria-label="Key figures">
      {figures.map(({ key, title, isOfNow, ...said }) => {
        const { value, unit = '', detail = '', tone = '' } = isOfNow && !isCurrent ? NOT_KNOWN : said;
        return (
          <div key={key} class={`figure ${tone}`}>
            <dt>{title}</dt>
            <dd title={detail}>
              <b>{value}</b> <span>{[unit, detail].filter(Boolean).join(', ')}</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

interface NotesProps {
  readonly notes: TraderStatus['notes'];
  readonly place: TraderStatus['notes'][number]['place'];
}

/** What else there is to know, where it belongs on the page. */
export function Notes({ notes, place }: NotesProps) {
  return (
    <>
      {notes
        .filter((note) => note.place === place)
        .map(({ key, title, lines }) => (
          <div class="note" key={key}>
            <p class="label">{title}</p>
            <ul class="what">
              {lines.map((line) => (
                <li key={line}>
                  <Words text={readable(line)} />
                </li>
              ))}
            </ul>
          </div>
        ))}
    </>
  );
}

export function Stat({ label, value, look = '' }: { label: string; value: string; look?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={look}>{value}</dd>
    </div>
  );
}

/** What exactly is decided, line by line. */
export function Parameters({ values }: { readonly values: Readonly<Record<string, unknown>> }) {
  return (
    <dl class="parameters">
      {Object.entries(values).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
