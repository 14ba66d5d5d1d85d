/** What somebody chose for this browser alone. A browser that keeps nothing has the defaults. */

export type Preference = 'zone' | 'notify' | 'sound';

export function preference(name: Preference): string | null {
  try {
    return typeof document === 'undefined' ? null : localStorage.getItem(`fermata.${name}`);
  } catch {
    return null;
  }
}

/** Null: the default again. */
export function keepPreference(name: Preference, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`fermata.${name}`);
    else localStorage.setItem(`fermata.${name}`, value);
  } catch {
    // Private windows of some browsers keep nothing: it is as it was when the page is opened again.
  }
}
