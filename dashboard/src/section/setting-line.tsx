import type { SettingsShown } from '../api/shapes.js';
import { sentence } from '../view/words.js';

type Setting = SettingsShown['settings'][number];

export interface Change {
  readonly setting: Setting;
  readonly to: Setting['value'];
  readonly loosens: boolean;
}

/** What was typed for a setting: nothing new, a value that it can have, or why it can't. */
export type Typed = Change | { readonly setting: Setting; readonly problem: string } | null;

export function typedFor(setting: Setting, text: string | undefined): Typed {
  if (text === undefined) return null;
  const { value, tighter } = setting;
  const to = valueIn(setting, text);
  if (to === null) return { setting, problem: rangeOf(setting) };
  if (to === value) return null;
  const isTighter = tighter !== 'neither' && (tighter === 'lower' ? to < value : to > value);
  return { setting, to, loosens: !isTighter };
}

/** Null: it is out of its range. */
function valueIn(setting: Setting, text: string): Setting['value'] | null {
  switch (setting.type) {
    case 'choice':
      return setting.choices.includes(text) ? text : null;
    case 'boolean':
      return text === 'true';
    case 'time':
      return /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : null;
    case 'text':
      return text.length <= setting.maxLength ? text : null;
    default: {
      const { min, max, whole } = setting;
      const to = text.trim() === '' ? Number.NaN : Number(text);
      return to >= min && to <= max && (!whole || Number.isInteger(to)) ? to : null;
    }
  }
}

function rangeOf(setting: Setting): string {
  switch (setting.type) {
    case 'choice':
    case 'boolean':
      return `one of ${wordsOf(setting).join(', ')}`;
    case 'time':
      return 'a time such as 09:30';
    case 'text':
      return `at most ${setting.maxLength} characters`;
    default:
      return `${setting.whole ? 'a whole number' : 'a number'} from ${setting.min} to ${setting.max}`;
  }
}

/** What is picked from a list. */
const wordsOf = (setting: Extract<Setting, { readonly type: 'choice' | 'boolean' | 'time' }>) =>
  setting.type === 'choice' ? setting.choices : ['true', 'false'];

interface SettingLineProps {
  readonly setting: Setting;
  readonly text: string | undefined;
  readonly disabled: boolean;
  readonly onType: (text: string) => void;
}

export function SettingLine({ setting, text, disabled, onType }: SettingLineProps) {
  const { key, meaning, unit } = setting;
  const typed = typedFor(setting, text);
  const wrong = typed !== null && 'problem' in typed;
  return (
    <li>
      <label for={`setting-${key}`}>
        {sentence(meaning)} <code class="soft">{key}</code>
      </label>
      <span class="setting-value">
        <Field setting={setting} text={text} disabled={disabled} wrong={wrong} onType={onType} /> {unit}
      </span>
      <span class="setting-note" id={`note-${key}`}>
        <Note setting={setting} typed={typed} />
      </span>
    </li>
  );
}

interface FieldProps extends SettingLineProps {
  readonly wrong: boolean;
}

function Field({ setting, text, disabled, wrong, onType }: FieldProps) {
  const { key, value } = setting;
  const common = {
    id: `setting-${key}`,
    value: text ?? String(value),
    disabled,
    'aria-describedby': `note-${key}`,
    'aria-invalid': wrong,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      onType(event.currentTarget.value),
  };
  switch (setting.type) {
    case 'choice':
    case 'boolean':
      return (
        <select {...common}>
          {wordsOf(setting).map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      );
    case 'time':
      return <input {...common} type="text" inputMode="numeric" placeholder="HH:MM" maxLength={5} />;
    case 'text':
      return <input {...common} type="text" maxLength={setting.maxLength} />;
    default: {
      const { min, max, whole } = setting;
      const bounds = { min, max, step: whole ? 1 : 'any' };
      return <input {...common} type="number" inputMode="decimal" {...bounds} />;
    }
  }
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
  return <span class="soft">{value === fileValue ? rule : `desk file: ${fileValue === '' ? 'empty' : fileValue}; ${rule}`}</span>;
}
