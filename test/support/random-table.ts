// A random table of any kind, its random changes, alterations and filters, and what its rows must be where that is plain:
// what the property test of all readers feeds to all writers.
import type { Random } from '../../src/base/random.ts';
import { Dice } from './dice.ts';
import { type GoldenRow, type GoldenValue, plainText } from './golden.ts';
import { drawOptions, type DrawnOptions, type RandomShape } from './random-table-options.ts';
import { BINARY, fieldJson, type RandomField, RandomTypes, type TypeUse } from './random-types.ts';
import type { KindRow } from './reference.ts';
import { RowModel } from './row-model.ts';

const KEY_COUNT = 12;
const NAMES = ['v', 'Upper', 'größe', 'class', 'with_', 'c'];
const UNORDERED = ['=', '=', '!=', 'isnull', 'notnull', 'in', 'like'];
const NO_FILTERS: ReadonlySet<string> = new Set(['ARRAY', 'MAP', 'MULTISET', 'ROW']);
const TEXTS: ReadonlySet<string> = new Set(['STRING', 'VARCHAR', 'CHAR']);

/** A table that changes by its own draws. */
export class RandomTable {
  readonly drawn: DrawnOptions;
  readonly shape: RandomShape;
  /** The rows that the table must hold; null where only an implementation can tell. */
  readonly model: RowModel | null;
  /** The columns of today. */
  columns: readonly RandomField[];
  private readonly dice: Dice;
  private readonly types: RandomTypes;
  /** Formats may be switched later: tables keep to what Avro holds as often as not. */
  private readonly isAvro: boolean;
  private readonly isOrc: boolean;
  private readonly pool: readonly GoldenRow[];
  private columnCount = 0;

  /** `isOrc` makes its files ORC, most of them. */
  constructor(random: Random, { isOrc = false }: { readonly isOrc?: boolean } = {}) {
    const dice = new Dice(random);
    this.dice = dice;
    this.types = new RandomTypes(dice);
    this.isOrc = isOrc;
    this.isAvro = !isOrc && dice.chance(0.6);
    this.shape = this.drawShape();
    const { keys, partitions, values, isKeyed } = this.shape;
    this.columns = this.shuffled([...keys, ...partitions, ...values]);
    this.drawn = drawOptions(dice, this.shape, { isAvro: this.isAvro, isOrc });
    this.pool = Array.from({ length: KEY_COUNT }, () => this.drawRow([...keys, ...partitions]));
    const keyNames = isKeyed ? [...keys, ...partitions].map(({ name }) => name) : [];
    this.model = this.drawn.model === null ? null : new RowModel(this.drawn.model, keyNames);
  }

  /** The table in Paimon's JSON form. */
  definition(): object {
    const { keys, partitions, isKeyed } = this.shape;
    const names = (fields: readonly RandomField[]): string[] => fields.map(({ name }) => name);
    return {
      fields: this.columns.map(fieldJson),
      partitionKeys: names(partitions),
      primaryKeys: isKeyed ? names([...partitions, ...keys]) : [],
      options: this.drawn.options,
      comment: '',
    };
  }

  /** The changes of one commit; the model follows. */
  changes({ onlyInserts = false } = {}): readonly KindRow[] {
    const { dice, columns } = this;
    const kinds = onlyInserts ? [] : this.drawn.kinds;
    const count = 1 + dice.below(dice.chance(0.1) ? 300 : 12);
    const changes = Array.from({ length: count }, (): KindRow => {
      const kind = kinds.length > 0 && dice.chance(0.2) ? dice.one(kinds) : '+I';
      const row = { ...this.drawRow(columns), ...dice.one(this.pool) };
      return { kind, row: Object.fromEntries(columns.map(({ name }) => [name, row[name]])) };
    });
    this.model?.apply(changes);
    return changes;
  }

  /** Changes to the schema, as a list of Paimon's SchemaChange JSON; columns and model follow. */
  alteration(): readonly object[] {
    const free = this.columns.filter((column) => this.isFree(column));
    if (free.length < 2 || this.dice.chance(0.3)) return [this.addColumn()];
    const column = this.dice.one(free);
    if (column.type.fields !== undefined && this.dice.chance(0.5)) return [this.addField(column)];
    if (column.type.kind === 'INT') return [this.widen(column)];
    return this.dice.one([() => [this.drop(column)], () => [this.rename(column)], () => this.switchOptions()])();
  }

  /** Conditions on some columns that must all hold, as words: column, operator, value. */
  filter(columns: readonly RandomField[]): readonly string[] {
    const candidates = columns.filter(({ type }) => !NO_FILTERS.has(type.kind));
    return this.dice.list(2, () => this.dice.one(candidates)).flatMap((column) => this.condition(column));
  }

  /** Some of the columns, in an order of its own. */
  projection(columns: readonly RandomField[]): readonly string[] {
    const names = this.shuffled(this.dice.some(columns, 0.6)).map(({ name }) => name);
    return names.length === 0 ? [columns[0].name] : names;
  }

  private drawShape(): RandomShape {
    const { dice } = this;
    const isKeyed = dice.chance(0.75);
    const keyUse: TypeUse = { isAvro: this.isAvro, isOrc: this.isOrc, isKey: true };
    const valueUse: TypeUse = { isAvro: this.isAvro, isOrc: this.isOrc, isKey: false };
    const partition = (): RandomField => {
      for (;;) {
        const type = this.types.scalar({ ...keyUse, isPartition: true });
        // Directories of bytes say nothing: the reference names them by the identity of a Java object.
        if (!BINARY.has(type.kind)) return this.field('p', { type, isNullable: !isKeyed });
      }
    };
    return {
      keys: [0, ...dice.list(1, () => 1)].map(() =>
        this.field('k', { type: this.types.scalar(keyUse), isNullable: !isKeyed }),
      ),
      partitions: dice.chance(0.5) ? [] : [partition(), ...dice.list(1, partition)],
      values: [0, ...dice.list(4, () => 1)].map(() => this.valueField(valueUse)),
      isKeyed,
    };
  }

  private valueField(use: TypeUse): RandomField {
    return this.field(this.dice.one(NAMES), { type: this.types.any(use), isNullable: this.dice.chance(0.85) });
  }

  private field(prefix: string, of: Pick<RandomField, 'type' | 'isNullable'>): RandomField {
    const id = this.columnCount++;
    return { id, name: `${prefix}${id}`, ...of };
  }

  private drawRow(fields: readonly RandomField[]): GoldenRow {
    const value = ({ type, isNullable }: RandomField): GoldenValue =>
      isNullable ? this.dice.maybe(() => type.draw())() : type.draw();
    return Object.fromEntries(fields.map((field) => [field.name, value(field)]));
  }

  private shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.dice.below(rest.length), 1)[0]);
  }

  /** Neither a key nor named by an option. */
  private isFree({ name }: RandomField): boolean {
    const { keys, partitions } = this.shape;
    return ![...keys, ...partitions].some((key) => key.name === name) && !this.drawn.named.has(name);
  }

  private addColumn(): object {
    const column = { ...this.valueField({ isAvro: this.isAvro, isOrc: this.isOrc, isKey: false }), isNullable: true };
    const after = this.dice.one([null, ...this.columns]);
    const at = after === null ? 0 : this.columns.indexOf(after) + 1;
    this.columns = [...this.columns.slice(0, at), column, ...this.columns.slice(at)];
    this.model?.alter((row) => ({ ...row, [column.name]: null }));
    const place = after === null ? { type: 'FIRST' } : { type: 'AFTER', referenceFieldName: after.name };
    const move = { fieldName: column.name, ...place };
    return { action: 'addColumn', fieldNames: [column.name], dataType: column.type.json(true), move };
  }

  /** A nullable field for a ROW. */
  private addField(column: RandomField): object {
    const type = this.types.scalar({ isAvro: this.isAvro, isOrc: this.isOrc, isKey: false });
    const id = this.types.newId();
    const field = { id, name: `f${id}`, type, isNullable: true };
    column.type.fields?.push(field);
    this.model?.alter((row) => {
      const value = row[column.name];
      return value === null ? row : { ...row, [column.name]: { ...(value as GoldenRow), [field.name]: null } };
    });
    return { action: 'addColumn', fieldNames: [column.name, field.name], dataType: type.json(true) };
  }

  private widen(column: RandomField): object {
    this.replace(column, { ...column, type: this.types.bigint() });
    this.model?.alter((row) => {
      const value = row[column.name];
      return value === null ? row : { ...row, [column.name]: plainText(value) };
    });
    const change = { action: 'updateColumnType', fieldNames: [column.name], newDataType: 'BIGINT' };
    return { ...change, keepNullability: true };
  }

  private drop(column: RandomField): object {
    this.columns = this.columns.filter((other) => other !== column);
    this.model?.alter(({ [column.name]: _, ...rest }) => rest);
    return { action: 'dropColumn', fieldNames: [column.name] };
  }

  private rename(column: RandomField): object {
    const newName = `renamed${this.columnCount++}`;
    this.replace(column, { ...column, name: newName });
    this.model?.alter(({ [column.name]: value, ...rest }) => ({ ...rest, [newName]: value }));
    return { action: 'renameColumn', fieldNames: [column.name], newName };
  }

  private replace(column: RandomField, by: RandomField): void {
    this.columns = this.columns.map((other) => (other === column ? by : other));
  }

  /** Files of another kind from now on. */
  private switchOptions(): readonly object[] {
    const set = (key: string, value: string): object => ({ action: 'setOption', key, value });
    const other = this.isOrc ? 'orc' : 'avro';
    const format = this.isAvro || this.isOrc ? this.dice.one([other, 'parquet']) : 'parquet';
    return [
      set('file.format', format),
      set('file.compression', this.dice.one(['snappy', 'zstd'])),
      set('metadata.stats-mode', this.dice.one(['full', 'truncate(2)'])),
      set('snapshot.num-retained.max', '1000'),
    ];
  }

  private condition({ name, type }: RandomField): readonly string[] {
    const word = (): string => plainText(type.draw());
    // In filters the reference takes bytes for signed numbers, though keys are sorted by unsigned ones.
    const operator = this.dice.one(BINARY.has(type.kind) ? UNORDERED : [...UNORDERED, '<', '<=', '>', '>=']);
    if (operator === 'isnull' || operator === 'notnull') return [name, operator, '-'];
    if (operator === 'like' && TEXTS.has(type.kind)) return [name, operator, word().slice(0, 2)];
    const words = [word(), ...this.dice.list(2, word)];
    const isList = words.every((text) => text !== '' && !text.includes(','));
    if (operator === 'in' && isList) return [name, operator, words.join(',')];
    return [name, operator === 'in' || operator === 'like' ? '=' : operator, words[0]];
  }
}
