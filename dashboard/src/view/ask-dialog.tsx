import { useEffect, useRef, useState } from 'preact/hooks';

const WORDS = {
  'close-all': {
    title: 'Close all positions?',
    text: 'Halts the desk, cancels every order, closes every position at the market, and reads back until flat is proven.',
    go: 'Close all',
  },
  resume: {
    title: 'Resume trading?',
    text: 'Checks run again. If all are clean, the desk is armed and may enter new positions.',
    go: 'Resume',
  },
} as const;

interface AskDialogProps {
  readonly about: keyof typeof WORDS;
  readonly onGo: (reason: string) => void;
  readonly onCancel: () => void;
}

export function AskDialog({ about, onGo, onCancel }: AskDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  useEffect(() => dialog.current?.showModal(), []);
  const { title, text, go } = WORDS[about];
  return (
    <dialog ref={dialog} onClose={onCancel} aria-labelledby="ask-title" aria-describedby="ask-text">
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onGo(reason.trim());
        }}
      >
        <h2 id="ask-title">{title}</h2>
        <p id="ask-text">{text}</p>
        <label>
          Reason, kept with the decision{about === 'close-all' && ' (may be empty)'}
          <input
            name="reason"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
            maxLength={500}
            autocomplete="off"
            required={about === 'resume'}
          />
        </label>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class={`button ${about === 'close-all' ? 'stop' : 'primary'}`}>
            {go}
          </button>
        </div>
      </form>
    </dialog>
  );
}
