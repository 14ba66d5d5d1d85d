/** Every report that ships with Fermata. To add one, add a file and a line here. */
import { costs } from './costs.js';
import { alerts, incidents } from './incidents.js';
import { kpis } from './kpis.js';
import { limits } from './limits.js';
import { nextSession } from './next-session.js';
import { outstanding } from './outstanding.js';
import { performance } from './performance.js';
import type { Report } from './report.js';
import { strategies } from './strategies.js';
import { system } from './system.js';
import { orders, trades, trend } from './trading.js';
import { versions } from './versions.js';

export const REPORTS: ReadonlyMap<string, Report> = new Map(
  Object.entries({
    performance,
    kpis,
    trend,
    strategies,
    trades,
    orders,
    costs,
    incidents,
    limits,
    alerts,
    system,
    versions,
    outstanding,
    'next-session': nextSession,
  }),
);
