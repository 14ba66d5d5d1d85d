import { useEffect, useRef } from 'preact/hooks';

/** Keys by the character that they produce; ignored while typing, in a dialog, or with Ctrl, Alt or Meta. */
export function useShortcuts(actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      if (document.querySelector('dialog[open]') !== null) return;
      if (isTyping(event.target)) return;
      const action = latest.current[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** For a moment after Escape the focus is still in the closed dialog: a stop typed then must count. */
function isTyping(target: EventTarget | null): boolean {
  const field = target instanceof HTMLElement ? target.closest('input, select, textarea') : null;
  return field !== null && field.closest('dialog:not([open])') === null;
}
