// The database of the demo: a small shop, on whichever server. What the demo needs of it is the same for all.
import type { PositionOrder, SourcePosition } from '../../change/position.ts';

/** The database's name on the server. */
export const SHOP_DATABASE = 'shop';

/** The tables, in the order they are shown. */
export const SHOP_TABLES = ['customers', 'products', 'orders', 'order_items', 'payments'] as const;

/** How many rows there are before the load begins. */
export interface ShopSize {
  readonly customers: number;
  readonly products: number;
  readonly orders: number;
}

/** The highest numbers that were given out. */
export interface HighestIds {
  customers: number;
  products: number;
  orders: number;
}

/** Count and checksum of a table: a row's checksum is 60 bits of the MD5 of its values' texts, a table's is their sum. */
export interface TableSum {
  readonly rows: number;
  readonly checksum: string;
}

/** What separates the texts of a row's values, and what stands for NULL. */
export const SUM_SEPARATOR = '\u001f';
export const SUM_NULL = '\\N';
/** So many hexadecimal digits of the MD5 count. */
export const SUM_DIGITS = 15;

/** One session of the shop's business. Each method but the first and the last is a transaction, and says how many rows it changed. */
export interface ShopSession {
  highestIds(): Promise<HighestIds>;
  placeOrder(order: { readonly customer: number; readonly product: number; readonly lines: number }): Promise<number>;
  /** A new order is paid then, a paid one is shipped. */
  shipOrder(order: number): Promise<number>;
  cancelOrder(order: number): Promise<number>;
  reprice(product: number, percent: number): Promise<number>;
  /** The key of a row changes. */
  renumberItem(order: number): Promise<number>;
  signUp(customer: number): Promise<number>;
  /** An order that is rolled back. */
  changeOfMind(order: { readonly customer: number; readonly product: number }): Promise<void>;
  /** Of a table while nothing changes it, by the server. */
  sumOf(table: string): Promise<TableSum>;
}

/** The shop on a server that runs. */
export interface Shop {
  /** Where it is and as whom to connect: lines of the source in the configuration. */
  readonly address: readonly string[];
  /** The schema of the tables, as the source names it. */
  readonly schema: string;
  /** The order of `logEnd` and the mirror's positions. */
  readonly positions: PositionOrder;
  /** Where the server's log ends now. */
  logEnd(): Promise<SourcePosition>;
  /** Connects, calls `use`, and closes the connection whatever happens. */
  withSession<Result>(use: (session: ShopSession) => Promise<Result>): Promise<Result>;
  /** Ends the server. */
  stop(): Promise<void>;
}
