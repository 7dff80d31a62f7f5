// DECIMAL as the log has it: digits in groups of nine, big-endian, each side of the point for itself; the first bit is
// set for positive numbers, and all bits of negative ones are inverted.
import { decimalSize, DIGIT_BYTES } from './binary-layout.ts';

/** A decimal's declared digits. */
export interface DecimalType {
  readonly precision: number;
  readonly scale: number;
}

/** The unscaled value of the decimal at `start`. */
export function readUnscaled(bytes: Buffer, start: number, type: DecimalType): bigint {
  const negative = (bytes[start] & 0x80) === 0;
  const digits = BigInt(readDigits(bytes, start, type));
  return negative ? -digits : digits;
}

/** The decimal at `start` as the server prints it. */
export function decimalText(bytes: Buffer, start: number, type: DecimalType): string {
  const digits = readDigits(bytes, start, type);
  const whole = digits.slice(0, digits.length - type.scale).replace(/^0+(?=.)/, '') || '0';
  const text = type.scale === 0 ? whole : `${whole}.${digits.slice(digits.length - type.scale)}`;
  return (bytes[start] & 0x80) === 0 ? `-${text}` : text;
}

/** All declared digits, without sign and point. */
function readDigits(bytes: Buffer, start: number, { precision, scale }: DecimalType): string {
  const whole = precision - scale;
  const invert = (bytes[start] & 0x80) === 0 ? 0xff : 0;
  const group = (at: number, size: number, digits: number): string => {
    let value = 0;
    for (let index = at; index < at + size; index++) {
      const byte = bytes[index] ^ invert;
      value = value * 256 + (index === start ? byte ^ 0x80 : byte);
    }
    return String(value).padStart(digits, '0');
  };
  let text = '';
  let at = start;
  const read = (digits: number): void => {
    if (digits === 0) return;
    text += group(at, DIGIT_BYTES[digits], digits);
    at += DIGIT_BYTES[digits];
  };
  read(whole % 9);
  for (let count = Math.floor(whole / 9); count > 0; count--) read(9);
  at = start + decimalSize(whole);
  for (let count = Math.floor(scale / 9); count > 0; count--) read(9);
  read(scale % 9);
  return text;
}
