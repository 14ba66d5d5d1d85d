/** What is drawn over a price curve: trades as triangles, the position's average and its stop as levels. */
import type uPlot from 'uplot';
import type { Palette } from './chart.js';

export interface TradeMark {
  readonly seconds: number;
  readonly price: number;
  readonly side: 'buy' | 'sell';
}

export interface Level {
  readonly price: number;
  readonly tone: 'alarm' | 'soft' | 'info';
  readonly text: string;
}

const MARK_PX = 6;
/** Height that the words of a level take. */
const TEXT_PX = 16;

export function drawMarks(plot: uPlot, marks: readonly TradeMark[], palette: Palette): void {
  const { ctx } = plot;
  const size = MARK_PX * devicePixelRatio;
  ctx.save();
  clipToPlot(plot);
  for (const { seconds, price, side } of marks) {
    const x = plot.valToPos(seconds, 'x', true);
    const y = plot.valToPos(price, 'y', true);
    const up = side === 'buy' ? 1 : -1;
    ctx.beginPath();
    ctx.moveTo(x, y + up * size * 0.4);
    ctx.lineTo(x - size * 0.8, y + up * size * 1.9);
    ctx.lineTo(x + size * 0.8, y + up * size * 1.9);
    ctx.closePath();
    ctx.fillStyle = side === 'buy' ? palette.go : palette.alarm;
    ctx.fill();
  }
  ctx.restore();
}

export function drawLevels(plot: uPlot, levels: readonly Level[], palette: Palette): void {
  const { ctx, bbox } = plot;
  const px = devicePixelRatio;
  ctx.save();
  clipToPlot(plot);
  ctx.font = `${11 * px}px ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace`;
  ctx.textAlign = 'left';
  ctx.lineWidth = px;
  const rows = levels.map(({ price }) => Math.round(plot.valToPos(price, 'y', true)) + 0.5);
  levels.forEach(({ tone, text }, at) => {
    const y = rows[at] as number;
    // Another level just above: the words go below the line, where there is room.
    const crowded = rows.some((row) => row < y && y - row < TEXT_PX * px);
    ctx.strokeStyle = palette[tone];
    ctx.setLineDash([4 * px, 4 * px]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = palette[tone];
    ctx.textBaseline = crowded ? 'top' : 'bottom';
    ctx.fillText(text, bbox.left + 6 * px, y + (crowded ? 3 : -3) * px);
  });
  ctx.restore();
}

function clipToPlot({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}
