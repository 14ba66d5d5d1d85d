import { useState } from 'preact/hooks';
import type { SettingsShown } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, minuteOfDay } from '../format.js';
import { ActionNotice, useAction } from '../view/action.js';
import { Parameters } from '../view/figures.js';
import { Empty, Panel } from '../view/panel.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { type Column, Table } from '../view/table.js';
import { readable, sentence } from '../view/words.js';
import { SettingLine } from './setting-line.js';
import { type Change, inWords, type Setting, typedFor } from './typed-setting.js';

interface SettingsProps {
  readonly api: DeskApi;
  readonly mayOperate: boolean;
}

export function Settings({ api, mayOperate }: SettingsProps) {
  const [looked, setLooked] = useState(0);
  const settings = usePolled(() => api.settings(), 10_000, looked);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [asking, setAsking] = useState(false);
  const action = useAction();
  const { value } = settings;
  const all = (value?.settings ?? []).map((setting) => typedFor(setting, typed[setting.key]));
  const changes = all.filter((one): one is Change => one !== null && 'to' in one);
  const wrong = all.flatMap((one) =>
    one !== null && 'problem' in one ? [`${one.setting.meaning}: ${one.problem}`] : [],
  );
  const change = async (reason: string): Promise<void> => {
    setAsking(false);
    const values = Object.fromEntries(changes.map(({ setting, to }) => [setting.key, to]));
    const done = await action.run(async () => {
      const { state, detail } = await api.changeSettings(values, reason);
      return { text: detail, tone: state === 'applied' ? 'go' : 'caution' };
    });
    if (done) setTyped({});
    setLooked((before) => before + 1);
  };
  const waits = changes.some(({ loosens }) => loosens);
  const ready = changes.length > 0 && wrong.length === 0 && mayOperate && !action.busy;
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel
        title="What can change while the desk trades"
        area="section"
        aside={value !== null && <span class="soft">version {value.version}</span>}
        problem={settings.problem}
      >
        {value === null ? (
          <Empty>Asking the trader…</Empty>
        ) : (
          <>
            {value.waiting.length > 0 && <Waiting changes={value.waiting} />}
            {grouped(value.settings).map(([group, settings]) => (
              <fieldset key={group}>
                <legend>{group}</legend>
                <ul class="settings">
                  {settings.map((setting) => (
                    <SettingLine
                      key={setting.key}
                      setting={setting}
                      text={typed[setting.key]}
                      waits={waits}
                      disabled={!mayOperate || action.busy}
                      onType={(text) => setTyped((before) => ({ ...before, [setting.key]: text }))}
                    />
                  ))}
                </ul>
              </fieldset>
            ))}
            <SettingsEnd
              words={wordsFor({ mayOperate, wrong, waits, changes })}
              go={waits ? 'Ask for approval…' : 'Apply…'}
              onUndo={Object.keys(typed).length === 0 ? null : () => setTyped({})}
              onGo={ready ? () => setAsking(true) : null}
            />
          </>
        )}
      </Panel>
      {value !== null && <SettingsHistory settings={value} />}
      {asking && (
        <ChangeDialog
          changes={changes}
          waits={waits}
          onGo={(reason) => void change(reason)}
          onCancel={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function Waiting({ changes }: { readonly changes: SettingsShown['waiting'] }) {
  return (
    <p class="notice caution">
      <span>
        {changes.map(({ title }) => title).join('; ')}: <a href="#/people">waits for approval</a>.
      </span>
    </p>
  );
}

interface SettingsEndProps {
  readonly words: string;
  readonly go: string;
  /** Null: not possible now. */
  readonly onUndo: (() => void) | null;
  readonly onGo: (() => void) | null;
}

function SettingsEnd({ words, go, onUndo, onGo }: SettingsEndProps) {
  return (
    <div class="settings-end">
      <span class="soft">{words}</span>
      <button type="button" class="button" disabled={onUndo === null} onClick={() => onUndo?.()}>
        Undo
      </button>
      <button type="button" class="button primary" disabled={onGo === null} onClick={() => onGo?.()}>
        {go}
      </button>
    </div>
  );
}

interface ChangeDialogProps {
  readonly changes: readonly Change[];
  /** It waits for approval. */
  readonly waits: boolean;
  readonly onGo: (reason: string) => void;
  readonly onCancel: () => void;
}

function ChangeDialog({ changes, waits, onGo, onCancel }: ChangeDialogProps) {
  return (
    <ReasonDialog
      title={waits ? 'Ask for this change?' : 'Apply this change?'}
      label="Reason, kept with the change"
      go={waits ? 'Ask' : 'Apply'}
      onGo={onGo}
      onCancel={onCancel}
    >
      <Parameters
        values={Object.fromEntries(
          changes.map(({ setting, to }) => [
            inWords(setting),
            `${setting.value} → ${to} ${setting.unit}`.trim(),
          ]),
        )}
      />
      <p class="soft">
        {waits ? 'Nothing changes until it is approved; then resting' : 'Resting'} entry orders are cancelled;
        positions and their stops are kept.
      </p>
    </ReasonDialog>
  );
}

interface Typing {
  readonly mayOperate: boolean;
  /** Values that can't be accepted, with what could be. */
  readonly wrong: readonly string[];
  readonly waits: boolean;
  readonly changes: readonly Change[];
}

function wordsFor({ mayOperate, wrong, waits, changes }: Typing): string {
  if (!mayOperate) return 'A change takes the role operator.';
  if (wrong.length > 0) return `${sentence(wrong.join('; '))}.`;
  if (changes.length === 0) return 'Type a new value.';
  if (!waits) return 'The change applies at once.';
  return changes.every(({ loosens }) => loosens)
    ? 'The change waits for approval.'
    : 'The change as a whole waits for approval. What needs none applies at once if you change it by itself.';
}

/** Limits of the desk, then the parameters of each strategy. */
function grouped(settings: readonly Setting[]): readonly (readonly [string, readonly Setting[]])[] {
  const groupOf = ({ key }: Setting): string =>
    key.startsWith('strategies.') ? `Strategy ${key.split('.')[1] ?? ''}` : 'Limits';
  return [...new Set(settings.map(groupOf))].map((group) => [
    group,
    settings.filter((setting) => groupOf(setting) === group),
  ]);
}

type Entry = SettingsShown['history'][number];

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'Version', cell: ({ version }) => version, number: true },
  { title: `When (${CLOCK})`, cell: ({ wallMs }) => `${day(wallMs)} ${minuteOfDay(wallMs)}`, long: true },
  {
    title: 'What',
    cell: ({ changes }) => changes.map(({ key, from, to }) => `${key} ${from} → ${to}`).join(', '),
    long: true,
  },
  { title: 'Who', cell: ({ by }) => by },
  { title: 'Approved by', cell: ({ approvedBy }) => approvedBy.join(', ') || '–' },
  { title: 'Why', cell: ({ reason }) => reason, long: true },
];

function SettingsHistory({ settings }: { readonly settings: SettingsShown }) {
  const { history, problems, restartOnly, configHash } = settings;
  return (
    <>
      <Panel
        title="Changes"
        area="section"
        aside={
          <span class="soft">
            configuration <code>{configHash.slice(0, 8)}</code>
          </span>
        }
      >
        {problems.map((problem) => (
          <p key={problem} class="notice caution">
            {readable(problem)}
          </p>
        ))}
        {history.length === 0 ? (
          <Empty>Everything is as the desk file says.</Empty>
        ) : (
          <Table
            blocks
            caption="Changes of settings, newest first"
            columns={COLUMNS}
            rows={history}
            keyOf={({ incarnation, version }) => `${incarnation} ${version}`}
          />
        )}
      </Panel>
      <Panel title="The rest of the desk file" area="section">
        <details>
          <summary>Changes here need an edit of the file and a restart</summary>
          <pre class="file">{JSON.stringify(restartOnly, null, 2)}</pre>
        </details>
      </Panel>
    </>
  );
}
