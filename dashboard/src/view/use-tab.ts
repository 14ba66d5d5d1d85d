import { useEffect, useState } from 'preact/hooks';

export const TABS = [
  ['desk', 'Desk'],
  ['results', 'Results'],
  ['setups', 'Setups'],
  ['journal', 'Journal'],
  ['strategies', 'Strategies'],
  ['day', 'Routines'],
  ['people', 'Waiting'],
  ['incidents', 'Incidents'],
  ['go-live', 'Go-live'],
  ['settings', 'Settings'],
  ['audit', 'Audit'],
] as const;

export type Tab = (typeof TABS)[number][0];

const isTab = (name: string): name is Tab => TABS.some(([tab]) => tab === name);

export interface Place {
  readonly tab: Tab;
  /** The item shown there, such as a setup's id; empty for all. */
  readonly of: string;
}

/** Stored in the address, so that links, reload, bookmarks and the back button work. */
export function useTab(): readonly [Place, (tab: Tab) => void] {
  const [place, setPlace] = useState<Place>(placeOfAddress);
  useEffect(() => {
    const onChange = (): void => setPlace(placeOfAddress());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return [place, (next) => (location.hash = next === 'desk' ? '' : `/${next}`)];
}

function placeOfAddress(): Place {
  const [name = '', of = ''] = location.hash.replace(/^#\/?/, '').split('/');
  return isTab(name) ? { tab: name, of } : { tab: 'desk', of: '' };
}
