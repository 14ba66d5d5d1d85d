import { useEffect, useRef } from 'preact/hooks';

/**
 * `stop`: Shift+S wherever that types nothing, in a dialog too; Alt+Shift+S also while something is typed. `actions`:
 * keys by the character that they produce; ignored while typing, in a dialog, or with Ctrl, Alt or Meta.
 */
export function useShortcuts(stop: () => void, actions: Readonly<Record<string, () => void>>): void {
  const latest = useRef({ stop, actions });
  latest.current = { stop, actions };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const action = actionOf(event, latest.current);
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function actionOf(
  event: KeyboardEvent,
  { stop, actions }: { readonly stop: () => void; readonly actions: Readonly<Record<string, () => void>> },
): (() => void) | undefined {
  if (event.ctrlKey || event.metaKey || event.repeat) return undefined;
  if (isStop(event)) return event.altKey || !isTyping(event.target) ? stop : undefined;
  if (event.altKey || isTyping(event.target) || document.querySelector('dialog[open]') !== null)
    return undefined;
  return actions[event.key];
}

/** With Caps Lock the character is a small one; with Alt, or in another script, it is none of these: then the place counts. */
function isStop({ shiftKey, key, code }: KeyboardEvent): boolean {
  return shiftKey && (/^[a-z]$/i.test(key) ? key.toLowerCase() === 's' : code === 'KeyS');
}

/** For a moment after Escape the focus is still in the closed dialog: a stop typed then must count. */
function isTyping(target: EventTarget | null): boolean {
  const field =
    target instanceof HTMLElement ? target.closest('input:not([type=checkbox]), select, textarea') : null;
  return field !== null && field.closest('dialog:not([open])') === null;
}
