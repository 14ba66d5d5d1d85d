import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../connection/problem.js';
import { unsentWords } from './action.js';
import { Modal } from './modal.js';
import { readable, Words } from './words.js';

interface ReasonDialogProps {
  readonly title: string;
  /** Says exactly what will happen. */
  readonly children?: ComponentChildren;
  /** Further choices. */
  readonly choice?: ComponentChildren;
  /** Null: no reason is recorded. */
  readonly label: string | null;
  readonly go: string;
  readonly dangerous?: boolean;
  /** For actions where speed matters more than the reason: a task asks for it afterwards. */
  readonly mayBeEmpty?: boolean;
  readonly maxLength?: number;
  /** The person's own signature, where one is needed. If it fails, the dialog stays open with all that was typed. */
  readonly sign?: (() => Promise<string>) | undefined;
  readonly onGo: (reason: string, signature?: string) => void;
  readonly onCancel: () => void;
}

/** Before an action changes the desk, this dialog says what it will do and asks for the reason. */
export function ReasonDialog({
  title,
  children,
  choice,
  label,
  go,
  dangerous = false,
  mayBeEmpty = false,
  maxLength = 500,
  sign,
  onGo,
  onCancel,
}: ReasonDialogProps) {
  const [reason, setReason] = useState(unsentWords.get(title) ?? '');
  const [signing, setSigning] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const isGone = useRef(false);
  useEffect(
    () => () => {
      isGone.current = true;
    },
    [],
  );
  const send = async (): Promise<void> => {
    setProblem(null);
    let signature: string | undefined;
    if (sign !== undefined) {
      setSigning(true);
      try {
        signature = await sign();
      } catch (error) {
        setProblem(asProblem(error));
        return;
      } finally {
        setSigning(false);
      }
      // Cancelled while the key was made.
      if (isGone.current) return;
    }
    if (!mayBeEmpty) unsentWords.set(title, reason);
    onGo(reason.trim(), signature);
  };
  const cancel = (): void => {
    unsentWords.delete(title);
    onCancel();
  };
  return (
    <Modal title={title} describedBy="dialog-text" onClose={cancel}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div id="dialog-text">{children}</div>
        {label !== null && (
          <label>
            {label}
            {mayBeEmpty && ' (may be empty)'}
            <input
              name="reason"
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
              maxLength={maxLength}
              pattern=".*\S.*"
              title="Some words"
              autocomplete="off"
              required={!mayBeEmpty}
              // biome-ignore lint/a11y/noAutofocus: the only thing to fill in here
              autoFocus
            />
          </label>
        )}
        {choice}
        <div role="alert">
          {problem !== null && (
            <div class="notice alarm">
              <div>
                <strong>{problem.title}</strong> {readable(problem.message)}
                <p>
                  <Words text={problem.doThis} />
                </p>
              </div>
            </div>
          )}
        </div>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={cancel}>
            Cancel
          </button>
          <button type="submit" class={`button ${dangerous ? 'stop' : 'primary'}`} disabled={signing}>
            {go}
          </button>
        </div>
      </form>
    </Modal>
  );
}
