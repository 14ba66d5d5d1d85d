import { useState } from 'preact/hooks';
import type { DeskApi } from '../connection/desk-api.js';
import { usePolled } from '../connection/use-polled.js';
import { UTC, zoneWord } from '../format.js';
import { keepPreference, type Preference, preference } from '../preferences.js';
import { Panel } from '../view/panel.js';
import { askToNotify, sound } from '../view/use-notices.js';

/** Preferences for this browser: the time zone, and whether it notifies. */
export function ThisBrowser({ api }: { readonly api: DeskApi }) {
  const settings = usePolled(() => api.settings(), 600_000, 'zone');
  const zone = settings.value?.restartOnly.timezone;
  return (
    <div class="sections">
      <Panel title="This browser" area="section">
        <div class="choices">
          <Clock deskZone={typeof zone === 'string' ? zone : null} />
          <Calls />
        </div>
      </Panel>
    </div>
  );
}

/** A new time zone changes everything shown: the page is reloaded. */
function Clock({ deskZone }: { readonly deskZone: string | null }) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const chosen = preference('zone') ?? UTC;
  const whose = (zone: string): string => {
    const owners = [
      ...(zone === deskZone ? ['the desk’s'] : []),
      ...(zone === here ? ['this browser’s'] : []),
    ];
    return owners.length === 0 ? '' : ` (${owners.join(', ')})`;
  };
  const zones = [...new Set([UTC, ...(deskZone === null ? [] : [deskZone]), here, chosen])];
  return (
    <label>
      Times are shown by the clock of
      <select
        value={chosen}
        onChange={(event) => {
          const zone = event.currentTarget.value;
          keepPreference('zone', zone === UTC ? null : zone);
          location.reload();
        }}
      >
        {zones.map((zone) => (
          <option key={zone} value={zone}>
            {zoneWord(zone)}
            {whose(zone)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Calls() {
  const [refused, setRefused] = useState(false);
  const notify = async (): Promise<boolean> => {
    const allowed = await askToNotify();
    setRefused(!allowed);
    return allowed;
  };
  return (
    <>
      <Choice name="notify" label="Notify me when the desk halts or an incident opens" onChosen={notify} />
      <Choice
        name="sound"
        label="Sound, too"
        onChosen={async () => {
          sound();
          return true;
        }}
      />
      <p class="soft" role="status">
        {refused
          ? 'This browser shows no notifications of this page: allow them in its settings. They take https, or the desk’s own machine.'
          : 'While the page is open in a tab. On a locked phone only Telegram reaches you.'}
      </p>
    </>
  );
}

interface ChoiceProps {
  readonly name: Preference;
  readonly label: string;
  /** Resolves with false if it is not possible. */
  readonly onChosen: () => Promise<boolean>;
}

function Choice({ name, label, onChosen }: ChoiceProps) {
  const [on, setOn] = useState(preference(name) !== null);
  const set = async (wanted: boolean): Promise<void> => {
    const is = wanted && (await onChosen());
    keepPreference(name, is ? 'on' : null);
    setOn(is);
  };
  return (
    <label class="choice">
      <input type="checkbox" checked={on} onChange={(event) => void set(event.currentTarget.checked)} />{' '}
      {label}
    </label>
  );
}
