// `--snapshot`, `--tag` and `--option`: which state of a table a verb reads.
import { TributaryError } from '../../base/errors.ts';
import type { SnapshotId } from '../../paimon/meta/snapshot.ts';
import type { ReadPoint } from '../../paimon/scan/scan.ts';
import { pointOfOptions } from '../../paimon/scan/scan-options.ts';
import { wholeNumber } from './table-options.ts';

/** The options; the latest state unless one is given. */
export interface PointOptions {
  readonly option?: readonly string[];
  readonly snapshot?: string;
  readonly tag?: string;
}

/** Help of `--option`. */
export const POINT_OPTION_HELP =
  'key=value: scan.snapshot-id, scan.tag-name, scan.timestamp, scan.timestamp-millis, scan.watermark or scan.version';

/** The state that the options name. Throws `E6200`, `E3105`. */
export function readPoint({ snapshot, tag, option = [] }: PointOptions): ReadPoint {
  const given = [snapshot, tag, option.length === 0 ? undefined : option].filter((point) => point !== undefined);
  if (given.length > 1) throw new TributaryError('E6200', 'give one of --snapshot, --tag and --option');
  if (snapshot !== undefined) return { kind: 'snapshot', id: wholeNumber(snapshot, 'snapshot') as SnapshotId };
  return tag === undefined ? pointOfOptions(settingsOf(option)) : { kind: 'tag', name: tag };
}

/** Settings written `key=value`. Throws `E6200`. */
function settingsOf(words: readonly string[]): Readonly<Record<string, string>> {
  const settings = words.map((word): readonly [string, string] => {
    const at = word.indexOf('=');
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw new TributaryError('E6200', `option is not key=value: option=${word}`);
  });
  return Object.fromEntries(settings);
}
