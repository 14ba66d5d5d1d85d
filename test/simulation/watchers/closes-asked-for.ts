/** A desk closes everything because somebody said so or because nobody watches it any more, and for nothing else. */
import type { EngineEvent } from '../../../src/engine/event.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import type { Watcher } from '../watcher.js';

export class ClosesAskedFor implements Watcher {
  /** Since the desk was armed: what is found later is closed by the same word. */
  #asked = false;

  restarted(records: readonly EngineRecord[]): void {
    this.#asked = false;
    for (const record of records) this.#follow(record);
  }

  heard(event: EngineEvent): void {
    if (event.kind === 'heartbeat.lost') this.#asked ||= event.which === 'supervisor';
    if (event.kind === 'command')
      this.#asked ||= event.command.name === 'closeAll' || event.command.name === 'kill';
  }

  recorded(record: EngineRecord): string | null {
    const wasAsked = this.#asked;
    this.#follow(record);
    if (record.type !== 'closeAll.begun' || wasAsked) return null;
    return `everything is closed, and nobody asked for it: ${record.reason}`;
  }

  #follow(record: EngineRecord): void {
    if (record.type === 'armed') this.#asked = false;
    if (record.type === 'closeAll.begun') this.#asked = true;
  }
}
