import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Modal } from './modal.js';
import { unsentWords } from './use-action.js';

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
  readonly onGo: (reason: string) => void;
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
  onGo,
  onCancel,
}: ReasonDialogProps) {
  const [reason, setReason] = useState(unsentWords.get(title) ?? '');
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
          if (!mayBeEmpty) unsentWords.set(title, reason);
          onGo(reason.trim());
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
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={cancel}>
            Cancel
          </button>
          <button type="submit" class={`button ${dangerous ? 'stop' : 'primary'}`}>
            {go}
          </button>
        </div>
      </form>
    </Modal>
  );
}
