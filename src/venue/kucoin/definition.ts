import { ccxtVenue } from '../ccxt/ccxt-venue.js';

export default ccxtVenue({
  name: 'kucoin',
  title: 'KuCoin',
  address: 'https://api.kucoin.com',
  probe: '/api/v1/timestamp',
  // Otherwise the library loads the tickers of all symbols, for fees that nobody here reads.
  marketParameters: { fetchTickersFees: false },
});
