// One random table's life: written, compacted, altered and tagged by us and others in turns, and read by all of them.
import assert from 'node:assert/strict';
import { seededRandom } from '../../src/base/random.ts';
import { fsck } from '../../src/paimon/maintenance/fsck.ts';
import type { ReadPoint } from '../../src/paimon/scan/scan.ts';
import { Dice } from './dice.ts';
import { canonicalRows, type GoldenRow } from './golden.ts';
import { OurVerbs } from './our-verbs.ts';
import type { Pypaimon } from './pypaimon.ts';
import { pypaimonReads, pypaimonWrites } from './pypaimon-limits.ts';
import { RandomTable } from './random-table.ts';
import { type RandomField, sortedRow } from './random-types.ts';
import type { Reference, TableAt } from './reference.ts';
import { removeDir, tempDir } from './temp-dir.ts';

const STEPS_MAX = 8;
const READS = 4;

/** One table's life. */
export class ReaderLife {
  readonly said: string[] = [];
  private readonly client: Reference;
  private readonly python: Pypaimon;
  private readonly dice: Dice;
  private readonly table: RandomTable;
  private readonly at: TableAt = { warehouse: tempDir(), table: 'db.t' };
  private readonly ours = new OurVerbs(this.at);
  /** The columns of each schema, by its id. */
  private readonly schemas: (readonly RandomField[])[] = [];
  private readonly tags: string[] = [];

  constructor(
    clients: { readonly java: Reference; readonly python: Pypaimon },
    seed: number,
    options: { readonly isOrc?: boolean } = {},
  ) {
    this.client = clients.java;
    this.python = clients.python;
    const random = seededRandom(seed);
    this.table = new RandomTable(random, options);
    this.dice = new Dice(random);
    this.schemas.push(this.table.columns);
  }

  async live(): Promise<void> {
    await this.create();
    await this.write();
    for (let step = this.dice.below(STEPS_MAX); step > 0; step--) {
      await this.dice.one([
        () => this.write(),
        () => this.write(),
        () => this.write(),
        () => this.compact(this.dice.chance(0.5)),
        () => this.alter(),
        () => this.tag(),
      ])();
    }
    for (let read = 0; read < READS; read++) await this.compareReads();
    await this.compact(true);
    await this.compareWithModel();
    await this.compareReads();
    await this.check();
  }

  end(): void {
    removeDir(this.at.warehouse);
  }

  private async create(): Promise<void> {
    const definition = this.table.definition();
    this.said.push(JSON.stringify(definition));
    await this.byEither('create', {
      ours: () => this.ours.create(definition),
      theirs: () => this.client.create(this.at, definition),
    });
  }

  private async write(): Promise<void> {
    if (pypaimonWrites(this.table) && this.dice.chance(0.25)) return this.writeByPypaimon();
    const rows = this.table.changes();
    const writeOnly = this.dice.chance(0.2);
    const lines = rows.map((row) => JSON.stringify(row)).join('\n');
    await this.byEither(`write${writeOnly ? ' --write-only' : ''}\n${lines}`, {
      ours: () => this.ours.write(rows, { writeOnly }),
      theirs: () => this.client.write(this.at, rows, { writeOnly }),
    });
  }

  private async writeByPypaimon(): Promise<void> {
    const rows = this.table.changes({ onlyInserts: true });
    this.said.push(`pypaimon: write\n${rows.map((row) => JSON.stringify(row)).join('\n')}`);
    await this.python.insert(this.at, rows);
  }

  private async compact(full: boolean): Promise<void> {
    await this.byEither(`compact${full ? ' --full' : ''}`, {
      ours: () => this.ours.compact({ full }),
      theirs: () => this.client.compact(this.at, { full }),
    });
  }

  private async alter(): Promise<void> {
    const changes = this.table.alteration();
    this.schemas.push(this.table.columns);
    await this.byEither(`alter ${JSON.stringify(changes)}`, {
      ours: () => this.ours.alter(changes),
      theirs: () => this.client.alter(this.at, changes),
    });
  }

  private async tag(): Promise<void> {
    const name = `t${this.tags.length}`;
    await this.byEither(`tag ${name}`, {
      ours: () => this.ours.run(['tag', '--name', name]),
      theirs: () =>
        this.client.run(['tag', '--warehouse', this.at.warehouse, '--table', this.at.table, '--name', name]),
    });
    this.tags.push(name);
  }

  /** One of the two does it, and must not refuse. */
  private async byEither(
    what: string,
    by: { readonly ours: () => Promise<string | null>; readonly theirs: () => Promise<unknown> },
  ): Promise<void> {
    const isOurs = this.dice.chance(0.5);
    this.said.push(`${isOurs ? 'ours' : 'reference'}: ${what}`);
    if (isOurs) assert.equal(await by.ours(), null);
    else await by.theirs();
  }

  /** A random state, filter and projection: the readers agree. */
  private async compareReads(): Promise<void> {
    const { point, columns } = await this.drawPoint();
    const filter = this.table.filter(columns);
    const names = this.table.projection(columns);
    this.said.push(`read ${JSON.stringify({ point, filter, names }, bigIntText)}`);
    const projected = (rows: readonly GoldenRow[]): readonly string[] =>
      canonicalRows(rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]]))));
    const expected = await this.client.read(this.at, { ...pointArguments(point), filter });
    const ours = await this.ours.read({ at: point, filter, columns: names });
    assert.deepEqual(canonicalRows(ours), projected(expected), 'read by us and by the reference');
    if (!pypaimonReads(this.table, { columns, filter, names })) return;
    const theirs = await this.python.read(this.at, { options: pointOptions(point), columns: names, filter });
    // It keeps the order of the entries of maps in Avro files, the reference does not.
    const sorted = (rows: readonly GoldenRow[]): readonly GoldenRow[] => rows.map((row) => sortedRow(columns, row));
    assert.deepEqual(projected(sorted(theirs)), projected(sorted(expected)), 'read by pypaimon and by the reference');
  }

  /** The state of a snapshot, a tag or the latest, with the columns that reads of it give. */
  private async drawPoint(): Promise<{ readonly point: ReadPoint; readonly columns: readonly RandomField[] }> {
    const table = await this.ours.open();
    const ids = await table.snapshots.ids();
    const point = this.dice.one<() => ReadPoint>([
      () => ({ kind: 'latest' }),
      () => ({ kind: 'snapshot', id: this.dice.one(ids) }),
      () => (this.tags.length === 0 ? { kind: 'latest' } : { kind: 'tag', name: this.dice.one(this.tags) }),
    ])();
    if (point.kind === 'latest') return { point, columns: this.table.columns };
    const snapshot = await table.snapshotAt(point);
    assert(snapshot !== null);
    return { point, columns: this.schemas[Number(snapshot.schemaId)] };
  }

  private async compareWithModel(): Promise<void> {
    if (this.table.model === null) return;
    const canonical = (rows: readonly GoldenRow[]): readonly string[] =>
      canonicalRows(rows.map((row) => sortedRow(this.table.columns, row)));
    const rows = await this.client.read(this.at);
    assert.deepEqual(canonical(rows), canonical(this.table.model.rows()), 'what is read and what was written');
  }

  private async check(): Promise<void> {
    assert.deepEqual((await this.client.fsck(this.at)).problems, []);
    assert.deepEqual((await fsck(await this.ours.open())).problems, []);
  }
}

function pointArguments(point: ReadPoint): { readonly snapshot?: bigint; readonly tag?: string } {
  if (point.kind === 'snapshot') return { snapshot: point.id };
  return point.kind === 'tag' ? { tag: point.name } : {};
}

/** The options of a table that is read at a point. */
function pointOptions(point: ReadPoint): Readonly<Record<string, string>> {
  if (point.kind === 'snapshot') return { 'scan.snapshot-id': String(point.id) };
  return point.kind === 'tag' ? { 'scan.tag-name': point.name } : {};
}

function bigIntText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
