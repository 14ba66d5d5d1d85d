import { useEffect, useState } from 'preact/hooks';

export const TABS = [
  ['desk', 'Desk'],
  ['results', 'Results'],
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

/** In the address, so that a reload, a bookmark and the back button mean the same. */
export function useTab(): readonly [Tab, (tab: Tab) => void] {
  const [tab, setTab] = useState<Tab>(tabOfAddress);
  useEffect(() => {
    const onChange = (): void => setTab(tabOfAddress());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return [tab, (next) => (location.hash = next === 'desk' ? '' : `/${next}`)];
}

function tabOfAddress(): Tab {
  const name = location.hash.replace(/^#\/?/, '');
  return isTab(name) ? name : 'desk';
}
