import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface ModalProps {
  readonly title: string;
  /** Id of what says what will happen. */
  readonly describedBy?: string;
  /** Escape, too. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A dialog over everything; whoever had the focus has it again afterwards. */
export function Modal({ title, describedBy, onClose, children }: ModalProps) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    // Where fingers point, the field that has the focus brings a keyboard up over what is asked.
    if (matchMedia('(pointer: coarse)').matches) dialog?.focus();
    // The first button may be at the end of a long text.
    dialog?.scrollTo(0, 0);
    // Removed while it is still modal, it would take the focus with it.
    return () => dialog?.close();
  }, []);
  const closed = (): void => {
    // Its own end is told after it has gone; another dialog may be open by then.
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
      {children}
    </dialog>
  );
}
