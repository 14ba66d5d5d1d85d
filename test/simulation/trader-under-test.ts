/** One trader process: the real engine and the real journal, carried out as the real runner does it. */

import type { CommandOutcome, Effect } from '../../src/engine/effect.js';
import { createEngine, type Engine } from '../../src/engine/engine.js';
import type { Command, EngineEvent } from '../../src/engine/event.js';
import type { Journal } from '../../src/trader/journal/journal.js';
import type { FaultyVenue, Message } from './faulty-venue.js';
import type { Oracle } from './oracle.js';
import { engineConfig, type Scenario } from './scenario.js';
import type { Recovered } from './simulated-disk.js';
import type { VirtualTime } from './virtual-time.js';

const TICK_MS = 1_000;
/** Reading the whole view is the costliest thing here. */
const LOOK_EVERY_TICKS = 5;

export interface TraderParts {
  readonly scenario: Scenario;
  readonly time: VirtualTime;
  readonly venue: FaultyVenue;
  readonly oracle: Oracle;
  readonly incarnation: string;
  readonly drawHaltId: () => string;
  readonly marketNowMs: () => number;
  /** Whether no crash can take the order's intent. */
  readonly isOnDisk: (clientId: string) => boolean;
}

export class TraderUnderTest {
  readonly engine: Engine;
  readonly journal: Journal;
  /** Waiting for the disk. */
  readonly #unsent = new Set<string>();
  #running = true;
  #ticks = 0;
  #frozen: EngineEvent[] | null = null;
  readonly #thawed: (() => void)[] = [];
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly parts: TraderParts,
    recovered: Recovered,
  ) {
    const { scenario, incarnation, drawHaltId, venue } = parts;
    this.engine = createEngine(engineConfig(scenario, incarnation, drawHaltId));
    this.journal = recovered.journal;
    for (const record of recovered.records) this.engine.apply(record);
    parts.oracle.restart(recovered.records, parts.time.nowMs);
    const begun = this.engine.begin(this.#stamp());
    if (!begun.ok) throw new Error(begun.message);
    this.#carryAll(begun.effects);
    venue.attach((message) => this.post(message));
    this.journal.onFault(({ detail }) => this.post({ kind: 'journal.fault', detail }));
    this.#tickLater();
  }

  /** The process is gone; what it had not written is lost. */
  die(): void {
    this.#running = false;
    this.parts.venue.attach(null);
  }

  get running(): boolean {
    return this.#running;
  }

  /** SIGSTOP: nothing is processed until it ends, then all of it at once, after the jump was noticed. */
  freeze(durationMs: number): void {
    if (this.#frozen !== null) return;
    this.#frozen = [];
    this.parts.time.after(durationMs, () => {
      const waiting = this.#frozen ?? [];
      this.#frozen = null;
      this.post({ kind: 'clock.jump', gapMs: durationMs });
      for (const run of this.#thawed.splice(0)) run();
      for (const event of waiting) this.#take({ ...event, ...this.#stamp() });
    });
  }

  /** A stopped process sends nothing; what the disk said meanwhile is heard after the jump was noticed. */
  #onceThawed(run: () => void): void {
    if (this.#frozen === null) run();
    else this.#thawed.push(run);
  }

  post(message: Message): void {
    this.parts.oracle.evidence.heard(message, this.parts.time.nowMs);
    this.#take({ ...message, ...this.#stamp() } as EngineEvent);
  }

  command(command: Command, by = 'operator', reason = 'simulated'): CommandOutcome | null {
    if (!this.#running || this.#frozen !== null) return null;
    this.parts.oracle.commanded(command);
    const event: EngineEvent = {
      kind: 'command',
      commandId: `c${this.parts.time.nowMs}`,
      by,
      reason,
      command,
      ...this.#stamp(),
    };
    const reply = this.#process(event).find((effect) => effect.kind === 'reply');
    return reply?.outcome ?? null;
  }

  #take(event: EngineEvent): void {
    if (!this.#running) return;
    if (this.#frozen === null) this.#process(event);
    else this.#frozen.push(event);
  }

  #process(event: EngineEvent): readonly Effect[] {
    this.parts.oracle.heard(event, this.parts.time.nowMs);
    const effects = this.engine.process(event);
    this.#carryAll([...effects]);
    if (this.#running) this.#wake();
    return effects;
  }

  #carryAll(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carry(effect);
  }

  #carry(effect: Effect): void {
    const { venue, oracle, time } = this.parts;
    const moment = { wallMs: time.nowMs, view: () => this.engine.view };
    if (effect.kind !== 'record' && effect.kind !== 'reply') oracle.left(effect, moment);
    switch (effect.kind) {
      case 'record':
        oracle.record(effect.record, moment);
        this.journal.append(effect.record, time.nowMs);
        return;
      case 'submit':
        this.#submitOnceDurable(effect.order);
        return;
      case 'cancel':
        if (this.#unsent.delete(effect.clientId)) {
          time.after(0, () => this.post({ kind: 'order.cancelled', clientId: effect.clientId }));
        } else {
          venue.cancel(effect.clientId);
        }
        return;
      case 'lookup':
        venue.lookup(effect.clientId);
        return;
      case 'requestSnapshot':
        venue.snapshot(effect.requestId, effect.sinceTradeMs);
        return;
      case 'reply':
        return;
    }
  }

  #submitOnceDurable(order: Extract<Effect, { readonly kind: 'submit' }>['order']): void {
    const { clientId } = order;
    const { venue } = this.parts;
    this.#unsent.add(clientId);
    this.journal.whenDurable(this.journal.lastSequence).then(
      () => {
        this.#onceThawed(() => {
          if (!this.#running || !this.#unsent.delete(clientId)) return;
          this.parts.oracle.sent(clientId, this.parts.isOnDisk(clientId));
          venue.submit(order);
        });
      },
      () => {
        if (this.#unsent.delete(clientId))
          this.post({ kind: 'order.sendUnknown', clientId, cause: 'not written' });
      },
    );
  }

  #stamp(): { wallMs: number; marketMs: number } {
    return { wallMs: this.parts.time.nowMs, marketMs: this.parts.marketNowMs() };
  }

  #tickLater(): void {
    this.parts.time.after(TICK_MS, () => {
      if (!this.#running) return;
      this.post({ kind: 'tick' });
      if (this.#frozen === null) this.#look();
      this.#tickLater();
    });
  }

  #look(): void {
    const { oracle, time } = this.parts;
    this.#ticks += 1;
    oracle.look({ wallMs: time.nowMs, view: () => this.engine.view });
    if (this.journal.fault !== null) oracle.lookAtBrokenDisk();
    if (this.#ticks % LOOK_EVERY_TICKS === 0) oracle.lookAtEquity(this.engine.view);
  }

  /** The engine's own deadlines, where they are sooner than the next tick. */
  #wake(): void {
    const wakeMs = this.engine.nextWakeMs();
    const { time } = this.parts;
    if (wakeMs === null || wakeMs >= this.#wakeAtMs) return;
    this.#wakeAtMs = Math.max(wakeMs, time.nowMs + 1);
    time.after(this.#wakeAtMs - time.nowMs, () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.post({ kind: 'tick' });
    });
  }
}
