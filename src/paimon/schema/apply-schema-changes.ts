// ALTER as a pure function: the next version of a schema from a list of changes. Source: SchemaManager
// (generateTableSchema), NestedColumnModifier (format notes 01 section 3).
import { didYouMean } from '../../base/did-you-mean.ts';
import { TributaryError } from '../../base/errors.ts';
import { checkOptionChange, renameInOptions } from './alter-option.ts';
import type { DataField, DataType } from './data-type.ts';
import { dataTypeText } from './data-type-text.ts';
import { assignTypeIds } from './field-ids.ts';
import { normalizedSchema } from './new-schema.ts';
import { isTrueText } from './option-text.ts';
import type { ColumnPath, ColumnPlace, SchemaChange } from './schema-change.ts';
import { tableOptions } from './table-options.ts';
import type { TableSchema } from './table-schema.ts';
import { canChangeType } from './type-casts.ts';

/** What the changes depend on beside the schema. */
export interface AlterContext {
  /** Whether the table has a snapshot; options that files depend on change only without. */
  readonly hasSnapshots: boolean;
  readonly timeMillis: number;
  /** Throws where the text is no value of the type: see `format/default-value.ts`. */
  readonly checkDefaultValue: (type: DataType, text: string) => void;
}

/**
 * The schema with the changes applied in order, as the reference applies them; its rules as a whole are checked when it
 * is stored (`validateSchema`). Throws `E3132` (a change is refused), `E3105` (an option's value).
 */
export function applySchemaChanges(
  schema: TableSchema,
  changes: readonly SchemaChange[],
  context: AlterContext,
): TableSchema {
  const draft = new Draft(schema, context);
  for (const change of changes) draft.apply(change);
  return draft.finish(changes);
}

type ColumnChange = Exclude<
  SchemaChange,
  { readonly kind: 'setOption' | 'removeOption' | 'updateComment' | 'updateColumnPosition' | 'dropPrimaryKey' }
>;

/** The schema between two changes. */
class Draft {
  private readonly schema: TableSchema;
  private readonly context: AlterContext;
  private fields: readonly DataField[];
  private highestFieldId: number;
  private options: Record<string, string>;
  private comment: string | null;
  private primaryKeys: readonly string[];

  constructor(schema: TableSchema, context: AlterContext) {
    this.schema = schema;
    this.context = context;
    this.fields = schema.fields;
    this.highestFieldId = schema.highestFieldId;
    this.options = { ...schema.options };
    this.comment = schema.comment;
    this.primaryKeys = schema.primaryKeys;
  }

  apply(change: SchemaChange): void {
    switch (change.kind) {
      case 'setOption':
      case 'removeOption':
        if (this.context.hasSnapshots) checkOptionChange(change, this.schema);
        if (change.kind === 'setOption') this.options[change.key] = change.value;
        else delete this.options[change.key];
        return;
      case 'updateComment':
        this.comment = change.comment;
        return;
      case 'updateColumnPosition':
        this.fields = moved(this.fields, change.column, change.place);
        return;
      case 'dropPrimaryKey':
        if (this.context.hasSnapshots) throw refused('a table with data keeps its primary key');
        this.primaryKeys = [];
        return;
      default:
        this.requireNoKey(change);
        this.fields = changedAt(this.fields, change.path, this.columnEdit(change));
    }
  }

  finish(changes: readonly SchemaChange[]): TableSchema {
    const renames = new Map<string, string>();
    for (const change of changes) {
      if (change.kind === 'renameColumn' && change.path.length === 1) renames.set(change.path[0], change.newName);
    }
    return normalizedSchema({
      ...this.schema,
      fields: this.fields,
      highestFieldId: this.highestFieldId,
      options: renameInOptions(this.options, renames),
      comment: this.comment,
      primaryKeys: this.primaryKeys.map((name) => renames.get(name) ?? name),
      timeMillis: this.context.timeMillis,
    });
  }

  /** Keys decide where rows are, so that little of them may change. */
  private requireNoKey(change: ColumnChange): void {
    if (change.path.length > 1) return;
    const [name] = change.path;
    const isPartition = this.schema.partitionKeys.includes(name);
    const isKey = this.schema.primaryKeys.includes(name);
    const isRefused =
      change.kind === 'dropColumn' || change.kind === 'updateColumnType'
        ? isPartition || isKey
        : (change.kind === 'renameColumn' && isPartition) ||
          (change.kind === 'updateColumnNullability' && change.nullable && isKey);
    if (isRefused) {
      throw refused(
        `change is not possible for a ${isKey ? 'primary' : 'partition'} key: ${change.kind} column=${name}`,
      );
    }
  }

  private columnEdit(change: ColumnChange): Edit {
    switch (change.kind) {
      case 'addColumn':
        return (siblings, at) => this.withColumn(siblings, at, change);
      case 'renameColumn':
        return (siblings, at) => {
          requireNew(siblings, { ...at, name: change.newName });
          if (fieldAt(siblings, at).type.kind === 'BLOB') throw refused(`a BLOB column keeps its name: ${shown(at)}`);
          return replaced(siblings, at, (field) => ({ ...field, name: change.newName }));
        };
      case 'dropColumn':
        return (siblings, at) => {
          const dropped = fieldAt(siblings, at);
          if (siblings.length === 1) throw refused(`the last column stays: ${shown(at)}`);
          return siblings.filter((field) => field !== dropped);
        };
      case 'updateColumnComment':
        return (siblings, at) => replaced(siblings, at, (field) => withText(field, 'description', change.comment));
      case 'updateColumnDefaultValue':
        return (siblings, at) =>
          replaced(siblings, at, (field) => {
            if (change.defaultValue !== null) this.context.checkDefaultValue(field.type, change.defaultValue);
            return withText(field, 'defaultValue', change.defaultValue);
          });
      case 'updateColumnNullability':
        return (siblings, at) =>
          retyped(siblings, at, (type) => {
            this.requireNullability(type, change.nullable, at);
            return { ...type, nullable: change.nullable };
          });
      case 'updateColumnType':
        return (siblings, at) => retyped(siblings, at, (type) => this.newType(type, change, at));
    }
  }

  private withColumn(
    siblings: readonly DataField[],
    at: Place,
    change: ColumnChange & { readonly kind: 'addColumn' },
  ): readonly DataField[] {
    if (at.below > 0) throw refused(`path names no field of a row: ${shown(at)}`);
    if (!change.type.nullable) throw refused(`a new column is nullable, as older rows have no value: ${shown(at)}`);
    requireNew(siblings, at);
    const id = this.highestFieldId + 1;
    const { type, lastId } = assignTypeIds(change.type, id);
    this.highestFieldId = lastId;
    const field = withText({ id, name: at.name, type }, 'description', change.comment ?? null);
    const before = change.path.length === 1 ? this.placeOfPartitions(siblings) : siblings.length;
    const index = change.place === undefined ? before : indexOfPlace(siblings, change.place);
    return siblings.toSpliced(index, 0, field);
  }

  /** Where `add-column-before-partition` puts new columns; the end without it. */
  private placeOfPartitions(columns: readonly DataField[]): number {
    const isBefore = isTrueText(this.schema.options['add-column-before-partition']);
    const index = columns.findIndex((field) => this.schema.partitionKeys.includes(field.name));
    return isBefore && index >= 0 ? index : columns.length;
  }

  private newType(from: DataType, change: ColumnChange & { readonly kind: 'updateColumnType' }, at: Place): DataType {
    const to = change.keepNullability === true ? { ...change.type, nullable: from.nullable } : change.type;
    this.requireNullability(from, to.nullable, at);
    const implicitOnly = tableOptions(this.schema).disableExplicitTypeCasting;
    if (canChangeType(from, to, implicitOnly)) return to;
    const hint = canChangeType(from, to, false) ? ' (disable-explicit-type-casting is set)' : '';
    throw refused(`type cannot become ${dataTypeText(to)}${hint}: ${shown(at)} type=${dataTypeText(from)}`);
  }

  private requireNullability(from: DataType, nullable: boolean, at: Place): void {
    if (!from.nullable || nullable || !tableOptions(this.schema).disableAlterNullToNotNull) return;
    throw refused(
      `a nullable column does not become NOT NULL unless alter-column-null-to-not-null.disabled is false: ${shown(at)}`,
    );
  }
}

/** What a path leads to: a name among sibling fields, and how many levels of ARRAY and MAP below that field. */
interface Place {
  readonly path: ColumnPath;
  readonly name: string;
  readonly below: number;
}

type Edit = (siblings: readonly DataField[], at: Place) => readonly DataField[];

/** The fields with those that hold the path's end changed. */
function changedAt(fields: readonly DataField[], path: ColumnPath, edit: Edit, depth = 0): readonly DataField[] {
  const name = path[depth];
  if (depth === path.length - 1) return edit(fields, { path, name, below: 0 });
  const field = fieldAt(fields, { path, name, below: 0 });
  const levels = collectionLevels(field.type);
  const next = depth + levels + 1;
  requireSteps(path, depth + 1, Math.min(next, path.length), field.type);
  if (next >= path.length) return edit(fields, { path, name, below: path.length - 1 - depth });
  const type = withInner(field.type, levels, (inner) => {
    if (inner.kind !== 'ROW') throw refused(`path leads into no row: path=${path.join('.')}`);
    return { ...inner, fields: changedAt(inner.fields, path, edit, next) };
  });
  return fields.map((candidate) => (candidate === field ? { ...field, type } : candidate));
}

/** How many ARRAYs and MAPs lie one in another. */
function collectionLevels(type: DataType): number {
  if (type.kind === 'ARRAY') return 1 + collectionLevels(type.element);
  return type.kind === 'MAP' ? 1 + collectionLevels(type.value) : 0;
}

/** The keys of a map are never changed: older files could not be read by them. */
function requireSteps(path: ColumnPath, from: number, to: number, type: DataType): void {
  let inner = type;
  for (let index = from; index < to && (inner.kind === 'ARRAY' || inner.kind === 'MAP'); index++) {
    if (inner.kind === 'MAP' && path[index] === 'key') {
      throw refused(`keys of a map do not change: path=${path.join('.')}`);
    }
    inner = inner.kind === 'MAP' ? inner.value : inner.element;
  }
}

/** The type with what is `levels` ARRAYs or MAPs below it changed. */
function withInner(type: DataType, levels: number, change: (inner: DataType) => DataType): DataType {
  if (levels === 0) return change(type);
  if (type.kind === 'ARRAY') return { ...type, element: withInner(type.element, levels - 1, change) };
  return type.kind === 'MAP' ? { ...type, value: withInner(type.value, levels - 1, change) } : change(type);
}

function retyped(
  siblings: readonly DataField[],
  at: Place,
  change: (type: DataType) => DataType,
): readonly DataField[] {
  const found = fieldAt(siblings, { ...at, below: 0 });
  const type = withInner(found.type, at.below, change);
  return siblings.map((field) => (field === found ? { ...field, type } : field));
}

function replaced(
  siblings: readonly DataField[],
  at: Place,
  change: (field: DataField) => DataField,
): readonly DataField[] {
  const found = fieldAt(siblings, at);
  return siblings.map((field) => (field === found ? change(field) : field));
}

function fieldAt(siblings: readonly DataField[], at: Place): DataField {
  const field = at.below > 0 ? undefined : siblings.find((candidate) => candidate.name === at.name);
  if (field !== undefined) return field;
  if (at.below > 0) throw refused(`path names no field of a row: ${shown(at)}`);
  const names = siblings.map((candidate) => candidate.name);
  throw refused(`column is not there${didYouMean(at.name, names)}: ${shown(at)}`);
}

function requireNew(siblings: readonly DataField[], at: Place): void {
  if (siblings.some((field) => field.name === at.name)) throw refused(`column is there already: column=${at.name}`);
}

function withText(field: DataField, key: 'description' | 'defaultValue', text: string | null): DataField {
  const { [key]: _, ...rest } = field;
  return text === null ? rest : { ...rest, [key]: text };
}

function indexOfPlace(fields: readonly DataField[], place: ColumnPlace): number {
  if (!('reference' in place)) return place.kind === 'first' ? 0 : fields.length;
  const index = fields.findIndex((field) => field.name === place.reference);
  if (index < 0) throw refused(`column to stand beside is not there: column=${place.reference}`);
  return place.kind === 'after' ? index + 1 : index;
}

function moved(fields: readonly DataField[], name: string, place: ColumnPlace): readonly DataField[] {
  const field = fieldAt(fields, { path: [name], name, below: 0 });
  const rest = fields.filter((candidate) => candidate !== field);
  const isInPlace =
    (place.kind === 'first' && fields[0] === field) || (place.kind === 'last' && fields.at(-1) === field);
  if (isInPlace || ('reference' in place && place.reference === name)) {
    throw refused(`column is where it is to go: column=${name}`);
  }
  return rest.toSpliced(indexOfPlace(rest, place), 0, field);
}

function shown({ path }: Place): string {
  return `column=${path.join('.')}`;
}

function refused(message: string): TributaryError {
  return new TributaryError('E3132', `table is not altered: ${message}`);
}
