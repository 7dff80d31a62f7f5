// The command that makes a server send its log after a set of transactions, and the settings it wants before.
import { TributaryError } from '../../base/errors.ts';
import type { SourcePosition } from '../../change/position.ts';
import { parsePosition } from './gtids.ts';
import { quoteLiteral } from './sql-session.ts';

const BINLOG_DUMP = 0x12;
const BINLOG_DUMP_GTID = 0x1e;
const THROUGH_GTID = 4;
const FIRST_POSITION = 4;
/** What a replica of MariaDB must be able to do to be sent GTIDs as they are. */
const MARIADB_CAPABILITY = 4;

/** Who asks, and for what. */
export interface DumpRequest {
  readonly from: SourcePosition;
  readonly serverId: number;
  /** By this MySQL knows a replica that comes again. */
  readonly replicaUuid: string;
  readonly heartbeatMs: number;
}

/** The statement to run before the command. */
export function dumpSettings({ from, replicaUuid, heartbeatMs }: DumpRequest): string {
  const heartbeat = String(BigInt(Math.round(heartbeatMs)) * 1_000_000n);
  const settings: Record<string, string> = {
    '@master_binlog_checksum': '@@global.binlog_checksum',
    '@source_binlog_checksum': '@@global.binlog_checksum',
    '@master_heartbeat_period': heartbeat,
    '@source_heartbeat_period': heartbeat,
  };
  const gtids = parsePosition(from);
  if (gtids.flavor === 'mariadb') {
    settings['@mariadb_slave_capability'] = String(MARIADB_CAPABILITY);
    settings['@slave_connect_state'] = quoteLiteral(gtids.text());
    settings['@slave_gtid_strict_mode'] = '1';
    settings['@slave_gtid_ignore_duplicates'] = '0';
  } else {
    settings['@slave_uuid'] = quoteLiteral(replicaUuid);
    settings['@replica_uuid'] = quoteLiteral(replicaUuid);
  }
  const list = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return `SET ${list.join(', ')}`;
}

/** The payload of the command. */
export function dumpPayload({ from, serverId }: DumpRequest): Buffer {
  if (serverId < 1 || serverId > 0xffffffff) throw new TributaryError('E9001', `no server id: serverId=${serverId}`);
  const gtids = parsePosition(from);
  if (gtids.flavor === 'mariadb') {
    const payload = Buffer.alloc(11);
    payload[0] = BINLOG_DUMP;
    payload.writeUInt32LE(FIRST_POSITION, 1);
    payload.writeUInt32LE(serverId, 7);
    return payload;
  }
  const set = gtids.encoded();
  const payload = Buffer.alloc(23);
  payload[0] = BINLOG_DUMP_GTID;
  payload.writeUInt16LE(THROUGH_GTID, 1);
  payload.writeUInt32LE(serverId, 3);
  payload.writeBigUInt64LE(BigInt(FIRST_POSITION), 11);
  payload.writeUInt32LE(set.length, 19);
  return Buffer.concat([payload, set]);
}
