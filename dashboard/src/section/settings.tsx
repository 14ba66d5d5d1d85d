import { useState } from 'preact/hooks';
import type { DeskApi, SettingsShown } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { ActionNotice } from '../view/action-notice.js';
import { Empty, Panel } from '../view/panel.js';
import { Parameters } from '../view/parameters.js';
import { ReasonDialog } from '../view/reason-dialog.js';
import { useAction } from '../view/use-action.js';
import { SettingsHistory } from './settings-history.js';

type Setting = SettingsShown['settings'][number];

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
  const changes = value === null ? [] : changesOf(value.settings, typed);
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
            {value.waiting.length > 0 && (
              <p class="notice caution">
                <span>
                  A change <a href="#/people">waits for approval</a>.
                </span>
              </p>
            )}
            <ul class="settings">
              {value.settings.map((setting) => (
                <SettingLine
                  key={setting.key}
                  setting={setting}
                  typed={typed[setting.key]}
                  disabled={!mayOperate || action.busy}
                  onType={(text) => setTyped((before) => ({ ...before, [setting.key]: text }))}
                />
              ))}
            </ul>
            <div class="settings-end">
              <span class="soft">
                {changes.length === 0
                  ? mayOperate
                    ? 'Type a new value.'
                    : 'A change takes the role operator.'
                  : waits
                    ? 'The change as a whole waits for approval.'
                    : 'The change applies at once.'}
              </span>
              <button
                type="button"
                class="button"
                disabled={changes.length === 0}
                onClick={() => setTyped({})}
              >
                Undo
              </button>
              <button
                type="button"
                class="button primary"
                disabled={changes.length === 0 || !mayOperate || action.busy}
                onClick={() => setAsking(true)}
              >
                {waits ? 'Ask for approval…' : 'Apply…'}
              </button>
            </div>
          </>
        )}
      </Panel>
      {value !== null && <SettingsHistory settings={value} />}
      {asking && (
        <ReasonDialog
          title={waits ? 'Ask for this change?' : 'Apply this change?'}
          label="Reason, kept with the change"
          go={waits ? 'Ask' : 'Apply'}
          onGo={(reason) => void change(reason)}
          onCancel={() => setAsking(false)}
        >
          <Parameters
            values={Object.fromEntries(
              changes.map(({ setting, to }) => [setting.key, `${setting.value} → ${to}`]),
            )}
          />
          <p class="soft">Resting entry orders are cancelled; positions and their stops are kept.</p>
        </ReasonDialog>
      )}
    </div>
  );
}

interface Change {
  readonly setting: Setting;
  readonly to: number;
  readonly loosens: boolean;
}

function changesOf(settings: readonly Setting[], typed: Readonly<Record<string, string>>): readonly Change[] {
  return settings.flatMap((setting) => {
    const to = Number((typed[setting.key] ?? '').trim() || Number.NaN);
    if (!Number.isFinite(to) || to === setting.value) return [];
    return [{ setting, to, loosens: setting.tighter === 'neither' || to > setting.value }];
  });
}

interface SettingLineProps {
  readonly setting: Setting;
  readonly typed: string | undefined;
  readonly disabled: boolean;
  readonly onType: (text: string) => void;
}

function SettingLine({ setting, typed, disabled, onType }: SettingLineProps) {
  const { key, meaning, unit, value, fileValue, min, max, whole } = setting;
  const [change] = changesOf([setting], typed === undefined ? {} : { [key]: typed });
  return (
    <li>
      <label for={`setting-${key}`}>
        {meaning} <code class="soft">{key}</code>
      </label>
      <span class="setting-value">
        <input
          id={`setting-${key}`}
          type="number"
          inputMode="decimal"
          min={min}
          max={max}
          step={whole ? 1 : 'any'}
          value={typed ?? String(value)}
          disabled={disabled}
          onInput={(event) => onType(event.currentTarget.value)}
        />{' '}
        {unit}
      </span>
      <span class="setting-note">
        {change === undefined ? (
          <span class="soft">{fileValue === value ? '' : `desk file: ${fileValue}`}</span>
        ) : change.loosens ? (
          <span class="lamp caution">needs approval</span>
        ) : (
          <span class="lamp go">at once</span>
        )}
      </span>
    </li>
  );
}
