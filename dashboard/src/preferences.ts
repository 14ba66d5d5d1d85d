/** Preferences of this browser only. A browser that stores nothing uses the defaults. */

export type Preference = 'zone' | 'notify' | 'sound';

export function preference(name: Preference): string | null {
  try {
    return typeof document === 'undefined' ? null : localStorage.getItem(`fermata.${name}`);
  } catch {
    return null;
  }
}

/** Null: back to the default. */
export function keepPreference(name: Preference, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`fermata.${name}`);
    else localStorage.setItem(`fermata.${name}`, value);
  } catch {
    // Private windows of some browsers store nothing: the preference is lost when the page is opened again.
  }
}
