/** The sections of the page: which one is shown, and the bar that leads to each. */
import { useEffect, useRef, useState } from 'preact/hooks';

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

interface TabBarProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  /** How many items wait for people in each tab. */
  readonly counts: Partial<Readonly<Record<Tab, number>>>;
}

export function TabBar({ tab, onTab, counts }: TabBarProps) {
  const bar = useRef<HTMLElement>(null);
  const waiting = TABS.map(([name]) => counts[name] ?? 0).join();
  // On a phone the bar scrolls: the current tab, and tabs with items that wait for people, must stay visible.
  useEffect(() => {
    const box = bar.current;
    if (box === null) return;
    const links = [...box.querySelectorAll<HTMLElement>('a')];
    const at = links.findIndex((link) => link.hasAttribute('aria-current'));
    const before = besideEdge('left', links, at);
    const after = besideEdge('right', [...links].reverse(), links.length - 1 - at);
    const now = links[at];
    if (now)
      box.scrollLeft = now.offsetLeft - before - (box.clientWidth - before - after - now.offsetWidth) / 2;
  }, [tab, waiting]);
  return (
    <nav ref={bar} class="tab-bar" aria-label="Sections">
      {TABS.map(([name, title]) => {
        const count = counts[name] ?? 0;
        return (
          <a
            key={name}
            href={name === 'desk' ? '#' : `#/${name}`}
            aria-current={name === tab ? 'page' : undefined}
            onClick={(event) => {
              event.preventDefault();
              onTab(name);
            }}
          >
            {title}
            {count > 0 && (
              <span class="count" title={`${count} open`}>
                {count}
              </span>
            )}
          </a>
        );
      })}
    </nav>
  );
}

/** Links with a count stick to this edge once scrolled past it. Returns the width of those before `at`. */
function besideEdge(edge: 'left' | 'right', links: readonly HTMLElement[], at: number): number {
  let [width, widthBefore] = [0, 0];
  for (const [place, link] of links.entries()) {
    if (place === at) widthBefore = width;
    const counted = link.querySelector('.count') !== null;
    link.style[edge] = counted ? `${width}px` : '';
    if (counted) width += link.offsetWidth;
  }
  return widthBefore;
}
