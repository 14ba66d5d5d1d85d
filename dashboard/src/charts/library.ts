/**
 * The part of lightweight-charts that the page uses: a chunk of its own, so that the buttons appear before the
 * charts.
 */
export {
  BaselineSeries,
  CandlestickSeries,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  LineSeries,
  LineStyle,
} from 'lightweight-charts';
