/** What an API key may do, and whether a desk may use such a key. */
import type { PermissionVerdict } from '../definition.js';
import { fieldsOf, flagField } from './decode.js';

export interface KeyPermissions {
  /**
   * `key`: permissions of the key itself. `account`: those of the account, all that the test environment
   * reports.
   */
  readonly source: 'key' | 'account';
  readonly reading: boolean;
  readonly spotTrading: boolean;
  /** Null if the venue does not say. */
  readonly withdrawals: boolean | null;
  /** Every other permission to move money or to use leverage: margin, futures, options, transfers. */
  readonly others: readonly string[];
  readonly boundToAddresses: boolean | null;
}

const OTHERS: readonly string[] = [
  'enableMargin',
  'enableFutures',
  'enableVanillaOptions',
  'enableInternalTransfer',
  'permitsUniversalTransfer',
  'enablePortfolioMarginTrading',
];

/**
 * Reads `apiRestrictions`. Throws `Unbelievable`: a permission that is missing from the answer is not taken as
 * denied.
 */
export function readKeyPermissions(body: unknown): KeyPermissions {
  const fields = fieldsOf(body, 'key permissions');
  return {
    source: 'key',
    reading: flagField(fields, 'enableReading', 'key permissions'),
    spotTrading: flagField(fields, 'enableSpotAndMarginTrading', 'key permissions'),
    withdrawals: flagField(fields, 'enableWithdrawals', 'key permissions'),
    others: OTHERS.filter((name) => fields[name] === true),
    boundToAddresses: flagField(fields, 'ipRestrict', 'key permissions'),
  };
}

/** Reads `account`, for when the key's own permissions can't be read. */
export function readAccountPermissions(body: unknown): KeyPermissions {
  return {
    source: 'account',
    reading: true,
    spotTrading: flagField(fieldsOf(body, 'account'), 'canTrade', 'account'),
    withdrawals: null,
    others: [],
    boundToAddresses: null,
  };
}

/** `trade`: the trader's key, spot only. `read`: an auditor's, which must not be able to trade. */
export function judgePermissions(permissions: KeyPermissions, wanted: 'trade' | 'read'): PermissionVerdict {
  const problems: string[] = [];
  const warnings: string[] = [];
  if (permissions.withdrawals === true)
    problems.push('the key may withdraw: switch "Enable Withdrawals" off, or make a new key without it');
  if (permissions.others.length > 0) {
    problems.push(
      `the key may do more than spot trading (${permissions.others.join(', ')}): switch that off`,
    );
  }
  if (!permissions.reading) problems.push('the key may not read: switch "Enable Reading" on');
  if (wanted === 'trade' && !permissions.spotTrading)
    problems.push('the key may not trade: switch "Enable Spot & Margin Trading" on');
  if (wanted === 'read' && permissions.spotTrading)
    problems.push('the key may trade: a read-only key is expected here');
  if (permissions.boundToAddresses === false)
    warnings.push('the key works from any address: bind it to the addresses of this machine');
  return { problems, warnings };
}
