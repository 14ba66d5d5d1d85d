import { useState } from 'preact/hooks';
import type { Passkey } from '../api/shapes.js';
import type { DeskApi } from '../connection/desk-api.js';
import { passkeysHere } from '../connection/passkeys.js';
import { usePolled } from '../connection/use-polled.js';
import { day } from '../format.js';
import { typed } from '../typed.js';
import { ActionNotice, type Done, useAction } from '../view/action.js';
import { Modal } from '../view/modal.js';
import { NoPasskeysHere } from '../view/no-passkeys-here.js';
import { Empty, Panel } from '../view/panel.js';

interface PasskeysProps {
  readonly api: DeskApi;
  readonly person: string;
  readonly mayApprove: boolean;
}

/** The passkeys of the signed-in person. */
export function Passkeys({ api, person, mayApprove }: PasskeysProps) {
  const action = useAction();
  const [looked, setLooked] = useState(0);
  const passkeys = usePolled(() => api.passkeys(), 60_000, looked);
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const all = passkeys.value ?? [];
  const here = passkeysHere();
  const act = async (work: () => Promise<Done>): Promise<void> => {
    await action.run(work);
    setLooked((before) => before + 1);
  };
  const add = (name: string, password: string): void => {
    setAdding(false);
    void act(async () => {
      const made = await api.addPasskey(name, password);
      return { text: `“${made.name}” signs ${person} in at ${made.rpId} from now on.${toVote(made.code)}` };
    });
  };
  const toVote = (code: string): string =>
    mayApprove
      ? ` To sign votes about real money with it too, on the command line: ${typed(`person key ${person} --passkey ${code}`)} (the code is shown only now).`
      : '';
  const remove = ({ id, name, votes }: Passkey): void => {
    setRemoving(null);
    void act(async () => {
      await api.removePasskey(id);
      if (!votes) return { text: `“${name}” no longer signs you in.` };
      return {
        tone: 'caution',
        text: `“${name}” no longer signs you in. It signs votes until the command line ends that too: ${typed(`person passkeys ${person} --remove ${id.slice(0, 12)}`)}`,
      };
    });
  };
  return (
    <div class="sections">
      <ActionNotice action={action} />
      <Panel title="Your passkeys" area="section" aside={all.length || ''} problem={passkeys.problem}>
        {all.length === 0 && (
          <Empty>
            {passkeys.value === null
              ? 'Reading…'
              : 'None yet. A passkey signs you in with this device’s own lock: fingerprint, face or PIN.'}
          </Empty>
        )}
        <ul class="lines">
          {all.map((passkey) => (
            <li key={passkey.id}>
              <span>
                {passkey.name}{' '}
                <span class="soft">
                  at {passkey.rpId}, since {day(passkey.createdMs)},{' '}
                  {passkey.usedMs === null ? 'not used yet' : `last used ${day(passkey.usedMs)}`}
                  {passkey.votes && '; signs votes'}
                </span>
              </span>
              <button
                type="button"
                class="button small"
                disabled={action.busy}
                aria-label={`Remove ${passkey.name}`}
                onClick={() => setRemoving(passkey)}
              >
                Remove…
              </button>
            </li>
          ))}
        </ul>
        {here === 'yes' ? (
          <div class="card-buttons">
            <button type="button" class="button small" disabled={action.busy} onClick={() => setAdding(true)}>
              Add a passkey…
            </button>
          </div>
        ) : (
          <p class="soft">{here === 'number' ? <NoPasskeysHere /> : 'This browser knows no passkeys.'}</p>
        )}
        {adding && <AddDialog onGo={add} onCancel={() => setAdding(false)} />}
        {removing !== null && (
          <Modal
            title={`Remove “${removing.name}”?`}
            describedBy="dialog-text"
            onClose={() => setRemoving(null)}
          >
            <p id="dialog-text">
              It no longer signs you in, and every page that it signed in is signed out. Your password stays.
            </p>
            <div class="dialog-buttons">
              <button type="button" class="button" onClick={() => setRemoving(null)}>
                Cancel
              </button>
              <button type="button" class="button stop" onClick={() => remove(removing)}>
                Remove
              </button>
            </div>
          </Modal>
        )}
      </Panel>
    </div>
  );
}

interface AddDialogProps {
  readonly onGo: (name: string, password: string) => void;
  readonly onCancel: () => void;
}

function AddDialog({ onGo, onCancel }: AddDialogProps) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Modal title="Add a passkey" describedBy="dialog-text" onClose={onCancel}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onGo(name.trim(), password);
        }}
      >
        <p id="dialog-text">
          Your password is asked again, so that nobody adds one on a page that you left open. Then the browser
          asks which device keeps it.
        </p>
        <label>
          A name to know it by
          <input
            name="passkey-name"
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
            maxLength={60}
            pattern=".*\S.*"
            title="Some words"
            placeholder="Phone"
            autocomplete="off"
            required
            // biome-ignore lint/a11y/noAutofocus: the first of two fields
            autoFocus
          />
        </label>
        <label>
          Password
          <input
            name="password"
            type="password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
            maxLength={1024}
            autocomplete="current-password"
            required
          />
        </label>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class="button primary">
            Add
          </button>
        </div>
      </form>
    </Modal>
  );
}
