/** Which month an instrument stands for at a start: what the journal says, and the calendar where it says nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { buildInstruments, engineConfig } from '../../src/trader/engine-config.js';
import { openJournal } from '../../src/trader/journal/open-journal.js';
import { monthsInForce } from '../../src/trader/months-in-force.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { FUTURES } from '../support/engine-config.js';
import { loadedDesk } from '../support/loaded-desk.js';

const { desk } = loadDesk(resolveDesk('slob'));
const NOW = Date.parse('2026-11-24T15:00:00Z');
const LATER = Date.parse('2027-01-11T15:00:00Z');
