/**
 * The link from the Gateway to the broker's servers. While it is broken, clients stay connected but get no
 * news of orders.
 */
import type { Refused } from './refusal.js';

export const LOST: Refused = {
  code: 1100,
  text: 'Connectivity between IBKR and Trader Workstation has been lost.',
};
export const RESTORED_DATA_LOST: Refused = {
  code: 1101,
  text: 'Connectivity between IBKR and Trader Workstation has been restored - data lost.',
};
export const RESTORED_DATA_KEPT: Refused = {
  code: 1102,
  text: 'Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are connected: usfuture; ushmds; secdefnj.',
};
/** The message to a client that connects meanwhile. */
export const STILL_BROKEN: Refused = {
  code: 2110,
  text: 'Connectivity between Trader Workstation and server is broken. It will be restored automatically.',
};

export class Link {
  broken = false;
  #waiting: (() => void)[] = [];

  /** Runs `act` now, or once the link is back, in the same order. */
  through(act: () => void): void {
    if (this.broken) this.#waiting.push(act);
    else act();
  }

  restore(): void {
    this.broken = false;
    for (const act of this.#waiting.splice(0)) act();
  }

  /** Everything that waited is lost with the Gateway that held it. */
  forget(): void {
    this.broken = false;
    this.#waiting = [];
  }
}

/** Data farms, with the codes of the messages for when they go and come. */
export const FARMS = {
  market: { name: 'Market data farm', suffix: 'usfuture', broken: 2103, ok: 2104, asleep: 2108 },
  history: { name: 'HMDS data farm', suffix: 'ushmds', broken: 2105, ok: 2106, asleep: 2107 },
} as const;
export type Farm = keyof typeof FARMS;

export function farmNotice(farm: Farm, up: boolean): Refused {
  const { name, suffix, broken, ok } = FARMS[farm];
  return up
    ? { code: ok, text: `${name} connection is OK:${suffix}` }
    : { code: broken, text: `${name} connection is broken:${suffix}` };
}

/** For a farm of another continent, which serves none of these instruments. */
export function abroadNotice(farm: Farm, up: boolean): Refused {
  const { code, text } = farmNotice(farm, up);
  return { code, text: text.replace(/[^:]*$/, farm === 'market' ? 'eufarmnj' : 'euhmds') };
}

/** For a farm that nobody has used lately. */
export function asleepNotice(farm: Farm): Refused {
  const { name, suffix, asleep } = FARMS[farm];
  const text = `${name} connection is inactive but should be available upon demand.${suffix}`;
  return { code: asleep, text };
}
