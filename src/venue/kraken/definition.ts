import { ccxtVenue } from '../ccxt/ccxt-venue.js';

export default ccxtVenue({
  name: 'kraken',
  title: 'Kraken',
  address: 'https://api.kraken.com',
  probe: '/0/public/Time',
});
