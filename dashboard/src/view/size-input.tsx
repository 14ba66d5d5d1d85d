import type { ComponentChildren } from 'preact';
import { RESUME_SIZE_PCT } from '../api/openapi.js';

interface SizeInputProps {
  /** What the size is for, and its current value. */
  readonly children: ComponentChildren;
  readonly size: string;
  readonly onSize: (size: string) => void;
  readonly required?: boolean;
}

/** An input for a position size, in percent of the full size. */
export const SizeInput = ({ children, size, onSize, required = false }: SizeInputProps) => (
  <label>
    {children}
    <input
      name="size"
      type="number"
      inputMode="numeric"
      min={RESUME_SIZE_PCT.minimum}
      max={RESUME_SIZE_PCT.maximum}
      step={1}
      required={required}
      value={size}
      onInput={(event) => onSize(event.currentTarget.value)}
    />
  </label>
);
