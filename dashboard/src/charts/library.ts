/** What the page takes of lightweight-charts: a chunk of its own, so that the buttons are there before the charts. */
export {
  BaselineSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
  LineStyle,
} from 'lightweight-charts';
