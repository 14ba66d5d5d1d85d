import { useEffect, useRef } from 'preact/hooks';
import { TABS, type Tab } from './use-tab.js';

interface TabBarProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  /** How many items wait for people in each tab. */
  readonly counts: Partial<Readonly<Record<Tab, number>>>;
}

export function TabBar({ tab, onTab, counts }: TabBarProps) {
  const bar = useRef<HTMLElement>(null);
  // On a phone the bar scrolls: the current tab must be visible.
  useEffect(() => {
    const box = bar.current;
    const now = box?.querySelector<HTMLElement>('[aria-current]');
    if (box && now) box.scrollLeft = now.offsetLeft - (box.clientWidth - now.offsetWidth) / 2;
  }, [tab]);
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
