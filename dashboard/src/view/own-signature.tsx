import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Signing } from '../api/shapes.js';
import { passkeysToSign, type SignWith } from '../connection/sign-vote.js';
import { usePolled } from '../connection/use-polled.js';

const KEYS_EVERY_MS = 60_000;

interface OwnSignature {
  readonly signWith: SignWith;
  /** The input field for the person. */
  readonly field: ComponentChildren;
  /** Forgets the typed password and the choice. */
  readonly forget: () => void;
}

/**
 * For decisions about real money: signs with a passkey of this page, or with the key that this tab makes from a
 * password.
 */
export function useOwnSignature(keys: Pick<Signing, 'key' | 'passkeys'> | null): OwnSignature {
  const [chosen, setChosen] = useState<'passkey' | 'password' | null>(null);
  const [password, setPassword] = useState('');
  const hasPasskey = keys !== null && passkeysToSign(keys).length > 0;
  const mayChoose = hasPasskey && keys.key !== null;
  const means = !hasPasskey ? 'password' : mayChoose && chosen !== null ? chosen : 'passkey';
  return {
    signWith: means === 'passkey' ? 'passkey' : { password },
    field: (
      <>
        {mayChoose && (
          <fieldset class="tabs" aria-label="Sign with">
            <Means
              name="Sign with passkey"
              chosen={means === 'passkey'}
              onChoose={() => setChosen('passkey')}
            />
            <Means
              name="Signing password"
              chosen={means === 'password'}
              onChoose={() => setChosen('password')}
            />
          </fieldset>
        )}
        {means === 'passkey' ? (
          <p class="soft">
            This is about real money: your device asks for the passkey, and signs exactly this decision.
          </p>
        ) : (
          <SigningPassword value={password} onValue={setPassword} />
        )}
      </>
    ),
    forget: () => {
      setPassword('');
      setChosen(null);
    },
  };
}

/**
 * Like `useOwnSignature`, but what is typed decides whether a signature is needed, and over what. `ask` null:
 * none is needed.
 */
export function useSignatureOf(
  ask: (() => Promise<Signing>) | null,
  about: number | undefined,
): OwnSignature {
  const keys = usePolled(
    async () => (ask === null ? null : await ask()),
    KEYS_EVERY_MS,
    ask === null ? '' : `signed ${about}`,
  );
  return useOwnSignature(keys.value);
}

interface MeansProps {
  readonly name: string;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

const Means = ({ name, chosen, onChoose }: MeansProps) => (
  <button type="button" class="tab" aria-pressed={chosen} onClick={onChoose}>
    {name}
  </button>
);

interface SigningPasswordProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

function SigningPassword({ value, onValue }: SigningPasswordProps) {
  return (
    <label>
      Signing password: this is about real money, and takes your own key
      <input
        name="signing-password"
        type="password"
        autocomplete="off"
        required
        maxLength={1024}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}

/**
 * Begins a question and returns whether it is still the newest one: a statement that is read late must not turn the
 * question that is shown into another.
 */
export function useNewest(): () => () => boolean {
  const begun = useRef(0);
  return () => {
    begun.current += 1;
    const mine = begun.current;
    return () => mine === begun.current;
  };
}
