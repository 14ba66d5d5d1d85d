import type { SettingsShown } from '../api/shapes.js';
import { sentence } from '../view/words.js';

type Setting = SettingsShown['settings'][number];

export interface Change {
  readonly setting: Setting;
  readonly to: number;
  readonly loosens: boolean;
}

/** What was typed for a setting: nothing new, a value that it can have, or why it can't. */
export type Typed = Change | { readonly setting: Setting; readonly problem: string } | null;

export function typedFor(setting: Setting, text: string | undefined): Typed {
  if (text === undefined) return null;
  const { min, max, whole, value, tighter } = setting;
  const to = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(to) || to < min || to > max || (whole && !Number.isInteger(to)))
    return { setting, problem: `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}` };
  if (to === value) return null;
  const isTighter = (tighter === 'lower' && to < value) || (tighter === 'higher' && to > value);
  return { setting, to, loosens: !isTighter };
}

interface SettingLineProps {
  readonly setting: Setting;
  readonly text: string | undefined;
  readonly disabled: boolean;
  readonly onType: (text: string) => void;
}

export function SettingLine({ setting, text, disabled, onType }: SettingLineProps) {
  const { key, meaning, unit, value, min, max, whole } = setting;
  const typed = typedFor(setting, text);
  const wrong = typed !== null && 'problem' in typed;
  return (
    <li>
      <label for={`setting-${key}`}>
        {sentence(meaning)} <code class="soft">{key}</code>
      </label>
      <span class="setting-value">
        <input
          id={`setting-${key}`}
          type="number"
          inputMode="decimal"
          min={min}
          max={max}
          step={whole ? 1 : 'any'}
          value={text ?? String(value)}
          disabled={disabled}
          aria-describedby={`note-${key}`}
          aria-invalid={wrong}
          onInput={(event) => onType(event.currentTarget.value)}
        />{' '}
        {unit}
      </span>
      <span class="setting-note" id={`note-${key}`}>
        <Note setting={setting} typed={typed} />
      </span>
    </li>
  );
}

const LOOSENS = { lower: 'more', higher: 'less', neither: 'any change' } as const;

function Note({ setting, typed }: { readonly setting: Setting; readonly typed: Typed }) {
  if (typed !== null && 'problem' in typed) return <span class="lamp alarm">{typed.problem}</span>;
  if (typed !== null)
    return typed.loosens ? (
      <span class="lamp caution">needs approval</span>
    ) : (
      <span class="lamp go">at once</span>
    );
  const { value, fileValue, tighter } = setting;
  const rule = `${LOOSENS[tighter]} takes approval`;
  return <span class="soft">{value === fileValue ? rule : `desk file: ${fileValue}; ${rule}`}</span>;
}
