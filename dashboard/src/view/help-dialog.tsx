import { useEffect, useRef } from 'preact/hooks';

const KEYS = [
  ['Shift + S', 'Stop, at once'],
  ['C', 'Close all (asks)'],
  ['R', 'Resume (asks)'],
  ['1 to 9', 'Show that symbol’s prices'],
  ['?', 'This help'],
  ['Esc', 'Close a dialog'],
] as const;

const MODES = [
  ['ACTIVE', 'Enters and leaves positions, within the limits.'],
  ['REDUCING', 'Only orders that make a position smaller.'],
  ['HALTED', 'Only cancels, protective stops, and the orders of a close-all.'],
  ['KILLED', 'As halted; two people are needed to resume.'],
] as const;

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <h2 id="help-title">Keyboard and words</h2>
      <dl class="help">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <dl class="help">
        {MODES.map(([mode, what]) => (
          <div key={mode}>
            <dt>{mode}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </dialog>
  );
}
