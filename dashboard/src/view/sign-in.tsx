import { useEffect, useState } from 'preact/hooks';
import { passkeysHere } from '../connection/passkeys.js';
import { asProblem, type Problem } from '../connection/problem.js';
import type { Session } from '../connection/session.js';
import { typed } from '../typed.js';
import { NoPasskeysHere } from './no-passkeys-here.js';
import { Wordmark } from './wordmark.js';
import { Words } from './words.js';

interface SignInProps {
  readonly session: Session;
  readonly linkProblem: Problem | null;
}

export function SignIn({ session, linkProblem }: SignInProps) {
  const [user, setUser] = useState('operator');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(linkProblem);
  useEffect(() => setProblem(linkProblem), [linkProblem]);
  const attempt = async (signIn: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      await signIn();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void attempt(() => session.signInWithPassword(user.trim(), password));
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit} aria-labelledby="sign-in-title">
        <Wordmark />
        <h1 id="sign-in-title">Sign in to the desk</h1>
        <label>
          User
          <input
            name="username"
            value={user}
            onInput={(event) => setUser(event.currentTarget.value)}
            autocomplete="username"
            autocapitalize="none"
            maxLength={64}
            required
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
            autocomplete="current-password"
            required
            // biome-ignore lint/a11y/noAutofocus: the only thing to do on this page
            autoFocus
          />
        </label>
        <button class="button primary" type="submit" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        {passkeysHere() === 'yes' && (
          <button
            class="button"
            type="button"
            disabled={busy}
            onClick={() => void attempt(() => session.signInWithPasskey())}
          >
            Sign in with a passkey
          </button>
        )}
        <div role="alert">
          {problem !== null && (
            <div class="notice alarm">
              <strong>{problem.message}</strong>
              <span>
                <Words text={problem.doThis} />
              </span>
            </div>
          )}
        </div>
        <p class="soft">
          No password at hand? <code>{typed('link')}</code> prints a link that signs you in once.
        </p>
        {passkeysHere() === 'number' && (
          <p class="soft">
            <NoPasskeysHere />
          </p>
        )}
      </form>
    </main>
  );
}
