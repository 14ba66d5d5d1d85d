/** The venue that real-money orders go to. */
import { z } from 'zod';
import { currency, decimal, name } from './schema-values.js';

export const venueSchema = z.strictObject({
  name: name.describe('Where orders would go with real money; its public prices are those of `feeds`.'),
  testnet: z.boolean().default(true).describe('The venue’s own test environment.'),
  account: z
    .enum(['broker-paper'])
    .optional()
    .describe(
      '`broker-paper`, with mode: paper: orders go over the wire to the paper account that the broker keeps, and no other account is taken. Left out: Fermata’s own paper account, and no order leaves.',
    ),
  foreign: z
    .record(currency, decimal)
    .default({})
    .describe('Coins in the account that are not the desk’s, by currency.'),
  feeAssets: z
    .record(currency, z.string().min(3).max(40))
    .optional()
    .describe(
      'Coins that a person keeps in the account for fees (BNB), each with the instrument of this desk whose price values them: `BNB: BNB/USDT`. No strategy may trade that instrument.',
    ),
  rateLimit: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe('Requests wait for the exchange’s allowance; without it the exchange bans the address.'),
    })
    .prefault({})
    .describe('The limit on requests.'),
});
