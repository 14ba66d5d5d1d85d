import { useState } from 'preact/hooks';
import type { Asked, Button, DeskApi } from '../connection/desk-api.js';
import { asProblem } from '../connection/problem.js';
import type { Pressed } from './outcome.js';

export interface Buttons {
  readonly pressed: ReadonlySet<Button>;
  readonly result: Pressed | null;
  readonly press: (button: Button, asked: Asked) => void;
  readonly dismiss: () => void;
}

/** A button can be pressed again while its request is in progress: a stop is never refused because one is running. */
export function useButtons(api: DeskApi): Buttons {
  const [pressed, setPressed] = useState<readonly Button[]>([]);
  const [result, setResult] = useState<Pressed | null>(null);
  const press: (...given: Parameters<Buttons['press']>) => Promise<void> = async (button, asked) => {
    setPressed((before) => [...before, button]);
    try {
      const outcome = await api.press(button, asked);
      setResult({ button, atMs: Date.now(), outcome });
    } catch (error) {
      setResult({ button, atMs: Date.now(), problem: asProblem(error) });
    } finally {
      setPressed((before) => without(before, button));
    }
  };
  return {
    pressed: new Set(pressed),
    result,
    press: (...given) => void press(...given),
    dismiss: () => setResult(null),
  };
}

function without(list: readonly Button[], one: Button): readonly Button[] {
  const at = list.indexOf(one);
  return list.filter((_, index) => index !== at);
}
