// The point in a table's history that options name as engines give them (`scan.snapshot-id` and its like).
import { momentOfLocalTime } from '../../base/clock.ts';
import { TributaryError } from '../../base/errors.ts';
import { timestampOfText } from '../format/cast-time.ts';
import { badOption } from '../schema/option-text.ts';
import type { SnapshotId } from '../meta/snapshot.ts';
import type { ReadPoint } from './scan.ts';

type PointReader = (text: string, option: string) => ReadPoint;

const POINTS: Readonly<Record<string, PointReader>> = {
  'scan.snapshot-id': (text, option) => ({ kind: 'snapshot', id: wholeNumber(text, option) as SnapshotId }),
  'scan.tag-name': (name) => ({ kind: 'tag', name }),
  'scan.watermark': (text, option) => ({ kind: 'watermark', watermark: wholeNumber(text, option) }),
  'scan.timestamp': (text, option) => ({ kind: 'timestamp', timestampMs: localTimestampMs(text, option) }),
  'scan.timestamp-millis': (text, option) => ({ kind: 'timestamp', timestampMs: Number(wholeNumber(text, option)) }),
  'scan.version': (version) => ({ kind: 'version', version }),
};

/** The point; the latest where no option names one. Throws `E3105` for other options, and for several points. */
export function pointOfOptions(options: Readonly<Record<string, string>>): ReadPoint {
  const points = Object.entries(options).map(([option, text]) => {
    const read = Object.hasOwn(POINTS, option) ? POINTS[option] : undefined;
    if (read === undefined) throw badOption(option, text);
    return read(text, option);
  });
  if (points.length > 1) {
    throw new TributaryError('E3105', `options name several points in time: ${Object.keys(options).join(', ')}`);
  }
  return points[0] ?? { kind: 'latest' };
}

function wholeNumber(text: string, option: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw badOption(option, text);
  return BigInt(text);
}

/** A date, or a date and a time, of this process's time zone. */
function localTimestampMs(text: string, option: string): number {
  try {
    const precise = { kind: 'TIMESTAMP', precision: 3, nullable: false } as const;
    return momentOfLocalTime(Number(timestampOfText(text.trim(), precise)));
  } catch (error) {
    throw new TributaryError('E3105', badOption(option, text).message, { cause: error });
  }
}
