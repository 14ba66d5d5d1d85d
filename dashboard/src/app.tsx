import { useEffect, useMemo, useState } from 'preact/hooks';
import { DeskApi, type RunAsked } from './connection/desk-api.js';
import { asProblem, type Problem } from './connection/problem.js';
import { Session, type SessionState } from './connection/session.js';
import { typed } from './typed.js';
import { DeskPage } from './view/desk-page.js';
import { SignIn } from './view/sign-in.js';

const RETRY_MS = 2000;

/** The one-time token of a sign-in link; removed from the address before anything else happens. */
function takeLinkToken(): string | null {
  const match = /^#token=([\w.~-]{1,512})$/.exec(location.hash);
  if (location.hash.startsWith('#token=')) history.replaceState(null, '', location.pathname);
  return match?.[1] ?? null;
}

/** The run that a link points to; the page only leads there. */
function takeRunLink(): RunAsked | null {
  const match = /^#run=([^#&]{1,3000})(?:&of=([0-9a-f-]{36}))?$/.exec(location.hash);
  if (match === null) return null;
  history.replaceState(null, '', location.pathname);
  const [, encoded = '', runId] = match;
  try {
    const workflowId = decodeURIComponent(encoded);
    return runId === undefined ? { workflowId } : { workflowId, runId };
  } catch {
    return null;
  }
}

/** Temporal's UI is at another host name than this page. */
interface Elsewhere {
  readonly asked: RunAsked;
  readonly port: string;
}

const inNewTab = (url: string): void => void window.open(url, '_blank', 'noopener');

export function App() {
  const [state, setState] = useState<SessionState>('starting');
  const [linkProblem, setLinkProblem] = useState<Problem | null>(null);
  const session = useMemo(() => new Session(setState), []);
  const [run, setRun] = useState<RunAsked | null>(takeRunLink);
  useEffect(() => {
    const signIn = (token: string): void => {
      session.signInWithLink(token).catch((error: unknown) => {
        setLinkProblem(asProblem(error));
        void session.restore();
      });
    };
    const token = takeLinkToken();
    if (token === null) void session.restore();
    else signIn(token);
    // Pasting a link into the open page only changes the part after the #: nothing is loaded.
    const onChange = (): void => {
      const pasted = takeLinkToken();
      if (pasted !== null) signIn(pasted);
      const asked = takeRunLink();
      if (asked !== null) setRun(asked);
    };
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, [session]);
  useEffect(() => {
    if (state !== 'unreachable') return;
    const timer = setInterval(() => void session.restore(), RETRY_MS);
    return () => clearInterval(timer);
  }, [state, session]);

  const [elsewhere, setElsewhere] = useState<Elsewhere | null>(null);
  const toTemporal = (asked: RunAsked, go: (url: string) => void): void => {
    new DeskApi(session).temporalUiAddress(asked).then(
      (url) => {
        const { hostname, port } = new URL(url);
        if (hostname === location.hostname) go(url);
        else setElsewhere({ asked, port });
      },
      // A person without access to it stays on this page.
      () => undefined,
    );
  };
  useEffect(() => {
    if (state === 'signed-out') setElsewhere(null);
    if (state !== 'signed-in' || run === null) return;
    setRun(null);
    toTemporal(run, (url) => location.assign(url));
  }, [state, run, session]);

  if (state === 'signed-in')
    return (
      <>
        {elsewhere !== null && (
          <TemporalElsewhere
            port={elsewhere.port}
            // Fetched at the click: the address works only once, and not for long.
            onOpen={() =>
              void new DeskApi(session).temporalUiAddress(elsewhere.asked).then(inNewTab, () => undefined)
            }
            onDismiss={() => setElsewhere(null)}
          />
        )}
        <DeskPage session={session} onTemporal={() => toTemporal({}, inNewTab)} />
      </>
    );
  if (state === 'signed-out')
    return <SignIn session={session} linkProblem={linkProblem ?? session.refusal} />;
  return (
    <main class="waiting" aria-live="polite">
      <p>{state === 'unreachable' ? 'The web server does not answer. Trying again…' : 'Connecting…'}</p>
      {state === 'unreachable' && (
        <p class="soft">
          The trader is a process of its own. In a terminal: <code>{typed('status')}</code>,{' '}
          <code>{typed('stop')}</code>.
        </p>
      )}
    </main>
  );
}

interface TemporalElsewhereProps {
  /** Port of Temporal’s UI on the desk’s machine. */
  readonly port: string;
  readonly onOpen: () => void;
  readonly onDismiss: () => void;
}

/**
 * Shown at the desk’s public address, where a link to Temporal’s UI would leave a phone on a page that does not
 * answer.
 */
function TemporalElsewhere({ port, onOpen, onDismiss }: TemporalElsewhereProps) {
  return (
    <section class="notice caution elsewhere" aria-label="Temporal’s UI" data-testid="temporal-elsewhere">
      <p role="status">
        That is in Temporal’s UI, which has no public address. What was seen and done is here, too, under
        Routines and Incidents. On the desk’s machine, or through{' '}
        <code>{`ssh -L ${port}:127.0.0.1:${port}`}</code>, it opens all the same.
      </p>
      <button type="button" class="link" onClick={onOpen}>
        Open it
      </button>
      <button type="button" class="link" onClick={onDismiss}>
        Dismiss
      </button>
    </section>
  );
}
