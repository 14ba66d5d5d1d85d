import { useEffect, useState } from 'preact/hooks';
import type { MoneyAtStake, TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import type { Connection } from '../connection/live.js';
import { usePolled } from '../connection/use-polled.js';
import { CLOCK, day, timeOfDay } from '../format.js';
import { Wordmark } from './wordmark.js';

interface HeaderProps {
  readonly status: TraderStatus | null;
  readonly connection: Connection;
  /** Whether what is shown is how the desk is now. */
  readonly isKnown: boolean;
  readonly api: DeskApi;
  /** Who is signed in. */
  readonly person: string;
  readonly roles: readonly string[];
  readonly onHelp: () => void;
  readonly onTemporal: () => void;
  readonly onSignOut: () => void;
}

export function Header({
  status,
  connection,
  isKnown,
  api,
  person,
  roles,
  onHelp,
  onTemporal,
  onSignOut,
}: HeaderProps) {
  return (
    <header class="top">
      <Wordmark />
      {status !== null && <Identity status={status} />}
      <DeskSwitcher api={api} />
      <div class="top-end">
        {status !== null && (
          <span class={`clock ${isKnown ? '' : 'soft'}`} title={CLOCK_TITLES[isKnown ? 'now' : 'last']}>
            <span class="label">Market</span> {day(status.marketData.marketMs)}{' '}
            <b>{timeOfDay(status.marketData.marketMs)}</b> {CLOCK}
          </span>
        )}
        <ConnectionState connection={connection} />
        <span class="person" title={`Signed in: ${person}, ${roles.join(', ')}`}>
          {person}
        </span>
        <nav class="top-links" aria-label="Tools">
          <button type="button" class="link" onClick={onTemporal}>
            Temporal UI
          </button>
          <button
            type="button"
            class="link"
            onClick={onHelp}
            aria-keyshortcuts="?"
            title="Keyboard and words (?)"
          >
            Help
          </button>
          <button type="button" class="link" onClick={onSignOut}>
            Sign out
          </button>
        </nav>
      </div>
    </header>
  );
}

const CLOCK_TITLES = {
  now: 'Market time: that of the prices',
  last: 'Market time when the desk was last heard',
} as const;

const TONES: Readonly<Record<MoneyAtStake, string>> = {
  'paper money': 'info',
  'simulator money': 'caution',
  'test money': 'caution',
  'real money': 'alarm',
};

function Identity({ status }: { readonly status: TraderStatus }) {
  const { marketData, money, desk, pricesWord } = status;
  return (
    <div class="identity">
      <h1 class="desk-name">{desk}</h1>
      <span class={`tag ${TONES[money]}`}>{`${money.charAt(0).toUpperCase()}${money.slice(1)}`}</span>
      <span
        class={`tag market-source ${marketData.kind === 'live' ? 'plain' : 'caution'}`}
        data-testid="market-source"
        title={marketData.label}
      >
        {pricesWord}
        <span class="tag-detail">{marketData.label}</span>
      </span>
    </div>
  );
}

function ConnectionState({ connection }: { readonly connection: Connection }) {
  const now = useNow(connection.kind === 'lost');
  const behind = connection.kind === 'live' ? connection.behindSeconds : 0;
  const words = {
    live: behind === 0 ? 'Connected' : `Behind by ${behind} s`,
    connecting: 'Connecting…',
    lost: `Connection lost, again in ${
      connection.kind === 'lost' ? Math.max(0, Math.ceil((connection.retryAtMs - now) / 1000)) : 0
    } s`,
  }[connection.kind];
  return (
    <span
      class={`lamp ${connection.kind === 'live' && behind === 0 ? 'go' : 'caution'}`}
      data-testid="connection"
    >
      {words}
    </span>
  );
}

/** Read at every render: a stored value would be as old as the last status. */
function useNow(ticking: boolean): number {
  const [, setTicks] = useState(0);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setTicks((before) => before + 1), 500);
    return () => clearInterval(timer);
  }, [ticking]);
  return Date.now();
}

const LOOK_EVERY_MS = 15_000;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** Links to the pages of the other desks here; nothing if there are none. */
function DeskSwitcher({ api }: { readonly api: DeskApi }) {
  const { value } = usePolled(() => api.desks(), LOOK_EVERY_MS, '');
  const others = (value ?? []).filter(({ here }) => !here);
  if (others.length === 0) return null;
  return (
    <nav class="desks" aria-label="Other desks">
      {others.map(({ desk, twinOf, mode, page }) => (
        <a key={desk} href={atThisHost(page)} title={`To the page of ${desk}`}>
          {desk}{' '}
          <span class="soft">
            {twinOf === null ? '' : `paper twin of ${twinOf}, `}
            {mode ?? 'no answer'}
          </span>
        </a>
      ))}
    </nav>
  );
}

/** Who is signed in here is so there, under the same host name: a cookie is kept for one. */
function atThisHost(page: string): string {
  const url = new URL(page);
  if ([url.hostname, location.hostname].every((host) => LOOPBACK.includes(host)))
    url.hostname = location.hostname;
  return url.href;
}
