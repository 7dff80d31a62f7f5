// Lays a wanted Paimon type over the schema of a file: which leaves are read and how they make up the column.
import type { DataField, DataType } from '../../schema/data-type.ts';
import { type LeafConversion, leafConversion } from './leaf-conversion.ts';
import type { GroupNode, LeafNode, SchemaNode } from './parquet-format.ts';
import { FileFault } from '../file-fault.ts';

/** How a column is put together from leaves. */
export type ColumnPlan =
  | { readonly kind: 'leaf'; readonly leaf: LeafNode; readonly convert: LeafConversion }
  | { readonly kind: 'struct'; readonly node: SchemaNode; readonly fields: readonly ColumnPlan[] }
  | {
      readonly kind: 'list' | 'map';
      /** Definition level of a list that is there, empty or not. */
      readonly listDefinition: number;
      /** The repeated node: each element that is there has at least its definition level. */
      readonly repeated: SchemaNode;
      /** The element, or key and value. */
      readonly parts: readonly ColumnPlan[];
    };

/** The leaves that a plan reads, in order. */
export function planLeaves(plan: ColumnPlan): readonly LeafNode[] {
  switch (plan.kind) {
    case 'leaf':
      return [plan.leaf];
    case 'struct':
      return plan.fields.flatMap(planLeaves);
    default:
      return plan.parts.flatMap(planLeaves);
  }
}

/** The plan of a type over a node of the file; throws a fault of `E3202` where they do not fit. */
export function planColumn(node: SchemaNode, type: DataType): ColumnPlan {
  switch (type.kind) {
    case 'ARRAY':
      return planList(node, type.element);
    case 'MAP':
      return planMap(node, type.key, type.value);
    case 'MULTISET':
      return planMap(node, type.element, { kind: 'INT', nullable: false });
    case 'ROW':
      return { kind: 'struct', node, fields: type.fields.map((field) => planField(groupOf(node, type), field)) };
    case 'VARIANT':
      return {
        kind: 'struct',
        node,
        fields: ['value', 'metadata'].map((name) => planBytes(groupOf(node, type), name)),
      };
    default:
      if (node.kind !== 'leaf') throw misfit(node, type.kind);
      return { kind: 'leaf', leaf: node, convert: leafConversion(node, type) };
  }
}

function misfit(node: SchemaNode, wanted: string): FileFault {
  return new FileFault('E3202', `a node of the file does not hold the wanted type: node=${node.name}, type=${wanted}`);
}

function groupOf(node: SchemaNode, type: DataType): GroupNode {
  if (node.kind !== 'group' || node.repetition === 'repeated') throw misfit(node, type.kind);
  return node;
}

function childOf(group: GroupNode, name: string): SchemaNode {
  const child = group.children.find((candidate) => candidate.name === name);
  if (child === undefined) throw new FileFault('E3202', `a field is not in the file: field=${name}`);
  return child;
}

function planField(group: GroupNode, field: DataField): ColumnPlan {
  return planColumn(childOf(group, field.name), field.type);
}

function planBytes(group: GroupNode, name: string): ColumnPlan {
  return planColumn(childOf(group, name), { kind: 'BLOB', nullable: false });
}

/** Lists by the rules of the format's "LogicalTypes", backward compatibility included. */
function planList(node: SchemaNode, element: DataType): ColumnPlan {
  if (node.repetition === 'repeated') {
    // A repeated field without a list around it: required list of required elements.
    const parts = [planColumn(asElement(node), element)];
    return { kind: 'list', listDefinition: node.maxDefinition - 1, repeated: node, parts };
  }
  const repeated = node.kind === 'group' && node.children.length === 1 ? node.children[0] : undefined;
  if (repeated === undefined || repeated.repetition !== 'repeated') throw misfit(node, 'ARRAY');
  const isWrapper =
    repeated.kind === 'group' &&
    repeated.children.length === 1 &&
    repeated.name !== 'array' &&
    repeated.name !== `${node.name}_tuple`;
  const item = isWrapper ? repeated.children[0] : asElement(repeated);
  return { kind: 'list', listDefinition: node.maxDefinition, repeated, parts: [planColumn(item, element)] };
}

/** The repeated node as an element that is always there. */
function asElement(node: SchemaNode): SchemaNode {
  return { ...node, repetition: 'required' };
}

function planMap(node: SchemaNode, key: DataType, value: DataType): ColumnPlan {
  const repeated = node.kind === 'group' && node.children.length === 1 ? node.children[0] : undefined;
  if (repeated === undefined || repeated.kind !== 'group' || repeated.repetition !== 'repeated')
    throw misfit(node, 'MAP');
  const [keyNode, valueNode] = repeated.children;
  if (keyNode === undefined || valueNode === undefined) throw misfit(node, 'MAP');
  const parts = [planColumn(keyNode, key), planColumn(valueNode, value)];
  return { kind: 'map', listDefinition: node.maxDefinition, repeated, parts };
}
