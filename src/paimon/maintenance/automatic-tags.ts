// Tags that a table makes by itself, one a period, as its options ask for (`tag.automatic-creation`). Source:
// TagAutoCreation, TagPeriodHandler, TagTimeExtractor (format notes 06 section 5).
import { TributaryError } from '../../base/errors.ts';
import { localTimeMs } from '../../base/clock.ts';
import { utcOffsets } from '../format/orc/time-zone.ts';
import type { Snapshot } from '../meta/snapshot.ts';
import type { TagLife } from '../meta/tag-json.ts';
import type { AutomaticTagOptions } from '../schema/tag-options.ts';
import { type History, tagNames } from './references.ts';
import { createTagUnlessThere, deleteTag, requireTag } from './tags.ts';
import { tagPeriod, type TagPeriod } from './tag-period.ts';

/** What stands for no watermark. */
const WATERMARK_MIN = -(2n ** 63n);

/** Makes the tags of one table (or branch); it keeps from run to run where it is. */
export class AutomaticTags {
  readonly #options: AutomaticTagOptions;
  readonly #period: TagPeriod;
  #nextId: bigint;
  /** Local time of the newest tag's period and one more; null before the first tag. */
  #nextMs: number | null;

  private constructor(options: AutomaticTagOptions, period: TagPeriod, start: { id: bigint; nextMs: number | null }) {
    this.#options = options;
    this.#period = period;
    this.#nextId = start.id;
    this.#nextMs = start.nextMs;
  }

  /** Goes on from the newest tag of the periods that is there. Throws `E3105` for options that contradict one another. */
  static async open(history: History, options: AutomaticTagOptions): Promise<AutomaticTags> {
    const period = tagPeriod(options);
    if (options.delayMs >= period.sizeMs) {
      throw new TributaryError('E3105', `tags come later than the next ones: tag.creation-delay=${options.delayMs} ms`);
    }
    const newest = (await periodTags(history, period)).at(-1);
    const earliest = (await history.snapshots.earliestId()) ?? 1n;
    const start =
      newest === undefined
        ? { id: earliest, nextMs: null }
        : { id: (await requireTag(history, newest.name)).snapshot.id + 1n, nextMs: newest.timeMs + period.sizeMs };
    return new AutomaticTags(options, period, start);
  }

  /** Makes the tags that are due for the snapshots since the last run. `history` is the table's, as it is now. */
  async run(history: History, nowMs: number): Promise<readonly string[]> {
    const made: string[] = [];
    for (;;) {
      const stored = await history.snapshots.readStored(this.#nextId);
      if (stored === null) {
        const earliest = await history.snapshots.earliestId();
        if (earliest === null || earliest <= this.#nextId) return made;
        this.#nextId = earliest;
        continue;
      }
      const name = await this.#tag(history, stored.snapshot, nowMs);
      if (name !== null) made.push(name);
      this.#nextId += 1n;
    }
  }

  async #tag(history: History, snapshot: Snapshot, nowMs: number): Promise<string | null> {
    const { delayMs, completes, retainedMs, countMax } = this.#options;
    const timeMs = localTimeOf(snapshot, this.#options);
    // A period is over once its successor's time has come: the tag is of the one before.
    if (timeMs === null) return null;
    if (this.#nextMs !== null && timeMs - delayMs < this.#nextMs + this.#period.sizeMs) return null;
    const before = this.#period.startOf(timeMs) - this.#period.sizeMs;
    const tagMs = completes && this.#nextMs !== null ? this.#nextMs : before;
    const name = this.#period.nameOf(tagMs);
    const life: TagLife | null = retainedMs === null ? null : { createdMs: nowMs, retainedMs };
    await createTagUnlessThere(history, { name, snapshot, life });
    this.#nextMs = tagMs + this.#period.sizeMs;
    if (countMax !== null) {
      const tags = await periodTags(history, this.#period);
      for (const old of tags.slice(0, Math.max(0, tags.length - countMax))) await deleteTag(history, old.name);
    }
    return name;
  }
}

/** The tags that are named after periods, oldest first. */
async function periodTags(
  { store, paths }: Pick<History, 'store' | 'paths'>,
  period: TagPeriod,
): Promise<readonly { readonly name: string; readonly timeMs: number }[]> {
  const tags: { readonly name: string; readonly timeMs: number }[] = [];
  for (const name of await tagNames(store, paths.tagDirectory)) {
    const timeMs = period.timeOf(name);
    if (timeMs !== null) tags.push({ name, timeMs });
  }
  return tags.sort((a, b) => a.timeMs - b.timeMs);
}

/** The time that counts for tags: that of the commit or its watermark, in the zone that the options name; null for none. */
function localTimeOf(
  { timeMillis, watermark }: Snapshot,
  { creation, processTimeZone, watermarkTimeZone }: AutomaticTagOptions,
): number | null {
  if (creation === 'process-time') {
    return processTimeZone === null ? localTimeMs(timeMillis) : inZone(timeMillis, processTimeZone);
  }
  return watermark === null || watermark === WATERMARK_MIN ? null : inZone(Number(watermark), watermarkTimeZone);
}

function inZone(timeMs: number, zone: string): number {
  try {
    return timeMs + (utcOffsets(zone)?.(Math.floor(timeMs / 1000)) ?? 0) * 1000;
  } catch (error) {
    throw new TributaryError('E3105', `time zone of an option is not known: zone=${zone}`, { cause: error });
  }
}
