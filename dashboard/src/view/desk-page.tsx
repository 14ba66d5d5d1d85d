import { useEffect, useState } from 'preact/hooks';
import type { ResumeDecided, TraderStatus } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { isCurrent } from '../connection/live.js';
import type { Session } from '../connection/session.js';
import { signVote } from '../connection/sign-vote.js';
import { usePolled } from '../connection/use-polled.js';
import { AlertsNotice } from './alerts-notice.js';
import { AskDialog, needsTwo } from './ask-dialog.js';
import { DeskPanels } from './desk-panels.js';
import { Header } from './header.js';
import { HelpDialog } from './help-dialog.js';
import { DocumentLink } from './links.js';
import { StopPressed } from './modal.js';
import { ModeBand } from './mode-band.js';
import { Outcome, useButtons } from './outcome.js';
import { type Tab, TabBar, useTab } from './tabs.js';
import { useDeskApi, useLive } from './use-desk.js';
import { useNotices, useTabSign } from './use-notices.js';
import { useShortcuts } from './use-shortcuts.js';

const COUNTS_MS = 10_000;
const DECIDED_MS = 5_000;
const NOBODY: readonly ResumeDecided[] = [];

/** The document that explains each section. */
const DOCUMENTS: Readonly<Record<Tab, string>> = {
  desk: 'TOUR',
  results: 'BACKTEST#figures',
  setups: 'CLI#setups',
  journal: 'CLI#trading-journal',
  strategies: 'STRATEGY',
  day: 'ROUTINES',
  people: 'CLI#approvals-approve',
  incidents: 'INCIDENTS',
  'go-live': 'GO_LIVE',
  settings: 'LIMITS',
  audit: 'SECURITY',
};

type Sections = typeof import('../section/sections.js');

type Dialog = 'close-all' | 'resume' | 'help';

interface DeskPageProps {
  readonly session: Session;
  readonly onTemporal: () => void;
}

export function DeskPage({ session, onTemporal }: DeskPageProps) {
  const api = useDeskApi(session);
  const sections = useSections();
  const { state, connection } = useLive(session);
  const buttons = useButtons(api);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [symbol, setSymbol] = useState('');
  const [{ tab, of }, setTab] = useTab();
  const counts = useCounts(api, tab);
  useTabSign(state, connection, counts.incidents ?? 0);
  useNotices(state, connection, counts.incidents ?? null);
  const status = state?.status ?? null;
  const decided = useDecided(api, status);
  const isKnown = isCurrent(connection) && state?.trader.reachable !== false;
  const symbols = status === null ? [] : inOrder(status);
  const shown = symbol || (symbols[0] ?? '');
  const stop = (): void => buttons.press('stop', { reason: '' });
  const canResume = status !== null && status.mode !== 'ACTIVE';
  useShortcuts(stop, {
    c: () => setDialog('close-all'),
    r: () => canResume && setDialog('resume'),
    '?': () => setDialog('help'),
    ...Object.fromEntries(symbols.slice(0, 9).map((one, at) => [at + 1, () => setSymbol(one)])),
  });
  const { pressed, result } = buttons;
  return (
    <StopPressed.Provider
      value={pressed.has('stop') ? 'stopping' : result?.button === 'stop' ? result : null}
    >
      <Header
        status={status}
        connection={connection}
        isKnown={isKnown}
        api={api}
        person={session.person}
        roles={session.roles}
        onHelp={() => setDialog('help')}
        onTemporal={onTemporal}
        onSignOut={() => void session.signOut()}
      />
      <main class={isKnown ? '' : 'old'}>
        <ModeBand
          state={state}
          connection={connection}
          pressed={pressed}
          canResume={canResume}
          onStop={stop}
          onAsk={(button) => setDialog(button)}
        />
        <Outcome pressed={result} status={status} onDismiss={buttons.dismiss} />
        {state !== null && <AlertsNotice alerts={state.alerts} api={api} mayTest={session.mayStop} />}
        <TabBar tab={tab} onTab={setTab} counts={counts} />
        {tab !== 'desk' ? (
          sections === null || sections === 'failed' ? (
            <p class="waiting">
              {sections === null
                ? 'Loading…'
                : 'This part of the page could not be loaded: load the page again.'}
            </p>
          ) : (
            <sections.Section
              tab={tab}
              of={of}
              api={api}
              session={session}
              status={status}
              decided={decided}
            />
          )
        ) : state !== null && status !== null ? (
          <DeskPanels
            api={api}
            state={state}
            status={status}
            isKnown={isKnown}
            decided={decided}
            symbols={symbols}
            symbol={shown}
            onSymbol={setSymbol}
            mayStop={session.mayStop}
          />
        ) : (
          <p class="waiting">Waiting for the trader…</p>
        )}
        <p class="soft about">
          <DocumentLink to={DOCUMENTS[tab]}>About this page</DocumentLink>
        </p>
      </main>
      {(dialog === 'close-all' || dialog === 'resume') && (
        <AskDialog
          about={dialog}
          status={status}
          decided={decided}
          person={session.person}
          onCancel={() => setDialog(null)}
          signing={(sizePct) => api.signing({ sizePct })}
          twins={() => api.twins()}
          sign={async (sizePct, signWith) =>
            signVote(await api.signing({ sizePct }), session.person, signWith)
          }
          onGo={(asked) => {
            setDialog(null);
            buttons.press(dialog, asked);
          }}
        />
      )}
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(null)} />}
    </StopPressed.Provider>
  );
}

/** Symbols with a position first, otherwise in the desk's order. */
function inOrder({ marketData, positions }: TraderStatus): readonly string[] {
  const held = new Set(positions.map(({ symbol }) => symbol));
  const all = marketData.lastPrices.map(({ symbol }) => symbol);
  return [...all.filter((one) => held.has(one)), ...all.filter((one) => !held.has(one))];
}

/** Loaded at once, not at the first look at a section: the server may be away by then. */
function useSections(): Sections | 'failed' | null {
  const [sections, setSections] = useState<Sections | 'failed' | null>(null);
  useEffect(() => void import('../section/sections.js').then(setSections, () => setSections('failed')), []);
  return sections;
}

/**
 * The number of items that wait for people, so that they are visible from every section, and in the browser tab of a
 * hidden page.
 */
function useCounts(api: DeskApi, tab: Tab): Partial<Record<Tab, number>> {
  const waiting = usePolled(() => api.waiting(), COUNTS_MS, tab, { unseen: true });
  return waiting.value ?? {};
}

/** Read only where two people have to resume. */
function useDecided(api: DeskApi, status: TraderStatus | null): readonly ResumeDecided[] {
  const halt = status !== null && needsTwo(status) ? (status.haltId ?? '') : '';
  const read = usePolled(() => (halt === '' ? Promise.resolve([]) : api.decided()), DECIDED_MS, halt);
  return halt === '' || read.of !== halt ? NOBODY : (read.value ?? NOBODY);
}
