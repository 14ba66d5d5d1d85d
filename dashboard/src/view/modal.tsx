import { type ComponentChildren, createContext } from 'preact';
import { useContext, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { OutcomeWords, type Pressed, toneOf } from './outcome.js';

/** The newest Stop: an open dialog says what became of it, since it lies over the page. */
export const StopPressed = createContext<Pressed | 'stopping' | null>(null);

interface ModalProps {
  readonly title: string;
  /** Id of the element that says what will happen. */
  readonly describedBy?: string;
  /** Called after Escape too. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A modal dialog; the element that had the focus gets it back afterwards. */
export function Modal({ title, describedBy, onClose, children }: ModalProps) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    // On a touch screen a focused field would open a keyboard that covers the question.
    if (matchMedia('(pointer: coarse)').matches) dialog?.focus();
    // The first button, which gets the focus, may be at the end of a long text.
    dialog?.scrollTo(0, 0);
    // If it were removed while still modal, the focus would be lost.
    return () => dialog?.close();
  }, []);
  const closed = (): void => {
    // The close event comes after the dialog is gone; another dialog may be open by then.
    if (box.current !== null) onClose();
  };
  return (
    <dialog
      ref={box}
      tabIndex={-1}
      onClose={closed}
      aria-labelledby="dialog-title"
      aria-describedby={describedBy}
    >
      <h2 id="dialog-title">{title}</h2>
      <StopSaid />
      {children}
    </dialog>
  );
}

function StopSaid() {
  const stop = useContext(StopPressed);
  const [before] = useState(stop);
  return (
    <div role="status" aria-live="assertive">
      {stop !== null && stop !== before && (
        <div class={`notice ${stop === 'stopping' ? 'caution' : toneOf(stop)}`}>
          {stop === 'stopping' ? 'Stopping…' : <OutcomeWords pressed={stop} />}
        </div>
      )}
    </div>
  );
}
