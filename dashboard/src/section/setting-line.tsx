import { sentence } from '../view/words.js';
import { type Setting, type Typed, typedFor, wordsOf } from './typed-setting.js';

interface SettingLineProps {
  readonly setting: Setting;
  readonly text: string | undefined;
  /** Something else that was typed needs approval: this waits with it. */
  readonly waits: boolean;
  readonly disabled: boolean;
  readonly onType: (text: string) => void;
}

export function SettingLine({ setting, text, waits, disabled, onType }: SettingLineProps) {
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
        <Note setting={setting} typed={typed} waits={waits} />
      </span>
    </li>
  );
}

interface FieldProps extends Omit<SettingLineProps, 'waits'> {
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

function Note({
  setting,
  typed,
  waits,
}: Pick<SettingLineProps, 'setting' | 'waits'> & { readonly typed: Typed }) {
  if (typed !== null && 'problem' in typed) return <span class="lamp alarm">{typed.problem}</span>;
  if (typed !== null)
    return typed.loosens || waits ? (
      <span class="lamp caution">{typed.loosens ? 'needs approval' : 'waits with the rest'}</span>
    ) : (
      <span class="lamp go">at once</span>
    );
  const { value, fileValue, tighter } = setting;
  const rule = `${LOOSENS[tighter]} takes approval`;
  return (
    <span class="soft">
      {value === fileValue ? rule : `desk file: ${fileValue === '' ? 'empty' : fileValue}; ${rule}`}
    </span>
  );
}
