import { useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../connection/problem.js';
import type { Session } from '../connection/session.js';
import { typed } from '../typed.js';
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
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await session.signInWithPassword(user.trim(), password);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
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
      </form>
    </main>
  );
}
