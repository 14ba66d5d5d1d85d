/** Reads what a person typed for a setting as one of its values. The trader checks it again. */
import type { SettingsShown } from '../api/shapes.js';

export type Setting = SettingsShown['settings'][number];

/** The meaning first: at night people know no keys. The desk file and the signed text have the key. */
export const inWords = ({ meaning, key }: Setting): string => `${meaning} (${key})`;

export interface Change {
  readonly setting: Setting;
  readonly to: Setting['value'];
  readonly loosens: boolean;
}

/** What was typed for a setting: nothing new, a valid value, or a problem. */
export type Typed = Change | { readonly setting: Setting; readonly problem: string } | null;

export function typedFor(setting: Setting, text: string | undefined): Typed {
  if (text === undefined) return null;
  const { value, tighter } = setting;
  const to = valueIn(setting, text);
  if (to === null) return { setting, problem: rangeOf(setting) };
  if (to === value) return null;
  const isLower = typeof to === 'number' && typeof value === 'number' && to < value;
  return { setting, to, loosens: tighter === 'neither' || isLower !== (tighter === 'lower') };
}

/** Null: it is out of range. */
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

/** For settings that are chosen from a list. */
export const wordsOf = (setting: Extract<Setting, { readonly type: 'choice' | 'boolean' | 'time' }>) =>
  setting.type === 'choice' ? setting.choices : ['true', 'false'];
