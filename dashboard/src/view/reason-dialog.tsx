import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface ReasonDialogProps {
  readonly title: string;
  /** Exactly what will happen. */
  readonly children: ComponentChildren;
  readonly label: string;
  readonly go: string;
  readonly dangerous?: boolean;
  readonly onGo: (reason: string) => void;
  readonly onCancel: () => void;
}

/** Whatever changes the desk says what it will do, and keeps why. */
export function ReasonDialog({
  title,
  children,
  label,
  go,
  dangerous = false,
  onGo,
  onCancel,
}: ReasonDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onCancel} aria-labelledby="reason-title">
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onGo(reason.trim());
        }}
      >
        <h2 id="reason-title">{title}</h2>
        {children}
        <label>
          {label}
          <input
            name="reason"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            maxLength={500}
            pattern=".*\S.*"
            autocomplete="off"
            required
          />
        </label>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class={`button ${dangerous ? 'stop' : 'primary'}`}>
            {go}
          </button>
        </div>
      </form>
    </dialog>
  );
}
