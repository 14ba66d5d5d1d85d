/** Fields that orders have in both directions. */
import { bool, dec, each, equals, int, str, type Values } from './fields.js';

export const TAG_VALUES = [str('tag'), str('value')] as const;

const isScaled = (before: Values): boolean => Number(before.scalePriceIncrement) > 0;
export const SCALE = [
  int('scaleInitLevelSize', { otherwise: '2147483647' }),
  int('scaleSubsLevelSize', { otherwise: '2147483647' }),
  dec('scalePriceIncrement', { otherwise: '' }),
  dec('scalePriceAdjustValue', { when: isScaled, otherwise: '' }),
  int('scalePriceAdjustInterval', { when: isScaled, otherwise: '' }),
  dec('scaleProfitOffset', { when: isScaled, otherwise: '' }),
  bool('scaleAutoReset', { when: isScaled, otherwise: '' }),
  int('scaleInitPosition', { when: isScaled, otherwise: '' }),
  int('scaleInitFillQty', { when: isScaled, otherwise: '' }),
  bool('scaleRandomPercent', { when: isScaled, otherwise: '' }),
] as const;

const isDeltaNeutral = equals('deltaNeutralContract', true);
export const DELTA_NEUTRAL_CONTRACT = [
  int('deltaNeutralContractConId', { when: isDeltaNeutral, otherwise: '' }),
  dec('deltaNeutralContractDelta', { when: isDeltaNeutral, otherwise: '' }),
  dec('deltaNeutralContractPrice', { when: isDeltaNeutral, otherwise: '' }),
] as const;

const isPegged = equals('orderType', 'PEG BENCH', 'PEGBENCH');
export const PEGGED_TO_BENCHMARK = [
  int('referenceContractId', { when: isPegged, otherwise: '' }),
  bool('isPeggedChangeAmountDecrease', { when: isPegged, otherwise: '' }),
  dec('peggedChangeAmount', { when: isPegged, otherwise: '' }),
  dec('referenceChangeAmount', { when: isPegged, otherwise: '' }),
  str('referenceExchangeId', { when: isPegged, otherwise: '' }),
] as const;

const PRICE = 1;
const EXECUTION = 5;
const VOLUME = 6;
const PERCENT_CHANGE = 7;
const ofExecution = equals('type', EXECUTION);
const ofValue = equals('type', PRICE, 3, 4, VOLUME, PERCENT_CHANGE);
const ofContract = equals('type', PRICE, VOLUME, PERCENT_CHANGE);
const isConditional = (before: Values): boolean => (before.conditions as readonly Values[]).length > 0;
export const CONDITIONS = [
  each(
    'conditions',
    [
      int('type', { oneOf: [PRICE, 3, 4, EXECUTION, VOLUME, PERCENT_CHANGE] }),
      str('conjunction'),
      str('executionSecType', { when: ofExecution }),
      str('executionExchange', { when: ofExecution }),
      str('executionSymbol', { when: ofExecution }),
      bool('isMore', { when: ofValue }),
      str('value', { when: ofValue }),
      int('conId', { when: ofContract }),
      str('exchange', { when: ofContract }),
      int('triggerMethod', { when: equals('type', PRICE) }),
    ],
    { otherwise: '0' },
  ),
  bool('conditionsIgnoreRth', { when: isConditional, otherwise: '' }),
  bool('conditionsCancelOrder', { when: isConditional, otherwise: '' }),
] as const;
