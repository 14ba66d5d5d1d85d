import { ccxtVenue } from '../ccxt/ccxt-venue.js';

export default ccxtVenue({
  name: 'bybit',
  title: 'Bybit',
  address: 'https://api.bybit.com',
  probe: '/v5/market/time',
});
