/**
 * Text that can't be audited is refused, whoever sends it in whatever way. A stop is carried out, and its text made
 * plain.
 */
import { unfitText, withPlainText } from '../domain/plain-text.js';
import type { Operations } from './operations.js';

export class UnfitText extends Error {
  override readonly name = 'UnfitText';
  readonly keptSafe = 'nothing was changed';
  readonly doThis = 'write it again in plain text; a stop is taken as it is';
}

export function withPlainRequests(operations: Operations): Operations {
  const plain: Partial<Operations> = {
    stopTrading: (caller, request, sent) => operations.stopTrading(caller, withPlainText(request), sent),
    closeAllPositions: (caller, request, sent) =>
      operations.closeAllPositions(caller, withPlainText(request), sent),
    closePosition: (caller, request) => operations.closePosition(caller, withPlainText(request)),
    cancelEntry: (caller, request) => operations.cancelEntry(caller, withPlainText(request)),
    withdrawSignal: (caller, request) => operations.withdrawSignal(caller, withPlainText(request)),
    revokeGoLive: (caller, request) => operations.revokeGoLive(caller, withPlainText(request)),
  };
  return new Proxy(operations, {
    get: (target, name, receiver) => {
      const use: unknown = Reflect.get(plain, name) ?? Reflect.get(target, name, receiver);
      if (typeof use !== 'function' || name in plain) return use;
      return (...given: unknown[]): unknown => {
        const [problem] = given.flatMap((one) => unfitText(one) ?? []);
        return problem === undefined
          ? Reflect.apply(use, target, given)
          : Promise.reject(new UnfitText(problem));
      };
    },
  });
}
