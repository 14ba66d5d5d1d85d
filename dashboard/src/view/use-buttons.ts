import { useState } from 'preact/hooks';
import type { Asked, Button, DeskApi } from '../connection/desk-api.js';
import { asProblem } from '../connection/problem.js';
import type { Pressed } from './outcome.js';

export interface Buttons {
  readonly pressed: ReadonlySet<Button>;
  readonly result: Pressed | null;
  /** `sign`: called if real money needs the person's own signature. */
  readonly press: (button: Button, asked: Asked, sign?: () => Promise<string>) => void;
  readonly dismiss: () => void;
}

/** A button can be pressed again while its request is in progress: a stop is never refused because one is running. */
export function useButtons(api: DeskApi): Buttons {
  const [pressed, setPressed] = useState<readonly Button[]>([]);
  const [result, setResult] = useState<Pressed | null>(null);
  const press: (...given: Parameters<Buttons['press']>) => Promise<void> = async (button, asked, sign) => {
    setPressed((before) => [...before, button]);
    try {
      const signature = await sign?.();
      const outcome = await api.press(button, {
        ...asked,
        ...(signature === undefined ? {} : { signature }),
      });
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
