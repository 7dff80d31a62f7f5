package lab;

import java.io.BufferedReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.*;
import org.apache.paimon.AppendOnlyFileStore;
import org.apache.paimon.append.AppendCompactCoordinator;
import org.apache.paimon.append.AppendCompactTask;
import org.apache.paimon.append.cluster.IncrementalClusterManager;
import org.apache.paimon.append.dataevolution.DataEvolutionCompactCoordinator;
import org.apache.paimon.append.dataevolution.DataEvolutionCompactTask;
import org.apache.paimon.data.BinaryRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.deletionvectors.Bitmap64DeletionVector;
import org.apache.paimon.deletionvectors.BitmapDeletionVector;
import org.apache.paimon.deletionvectors.DeletionVector;
import org.apache.paimon.deletionvectors.append.AppendDeleteFileMaintainer;
import org.apache.paimon.deletionvectors.append.BaseAppendDeleteFileMaintainer;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.index.IndexFileMeta;
import org.apache.paimon.io.CompactIncrement;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.io.DataIncrement;
import org.apache.paimon.manifest.FileKind;
import org.apache.paimon.manifest.IndexManifestEntry;
import org.apache.paimon.operation.BaseAppendFileStoreWrite;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.SpecialFields;
import org.apache.paimon.table.sink.*;
import org.apache.paimon.table.source.*;
import org.apache.paimon.types.RowType;

/** Tables whose rows have ids: what engines do with them through the library, without an engine. */
final class Rows {
    /** The compactions that are due in a table without buckets; rows keep their ids, as with Flink's and Spark's. */
    static List<CommitMessage> compact(FileStoreTable t, String user, IOManager io) throws Exception {
        List<CommitMessage> messages = new ArrayList<>();
        if (t.coreOptions().dataEvolutionEnabled()) {
            for (DataEvolutionCompactTask task : new DataEvolutionCompactCoordinator(t, false, false).plan()) messages.add(task.doCompact(t, user));
            return messages;
        }
        BaseAppendFileStoreWrite w = ((AppendOnlyFileStore) t.store()).newWrite(user);
        w.withIOManager(io);
        if (t.coreOptions().rowTrackingEnabled()) w.withWriteType(SpecialFields.rowTypeWithRowTracking(t.rowType()));
        for (AppendCompactTask task : new AppendCompactCoordinator(t, false).run()) messages.add(task.doCompact(t, w));
        w.close();
        return messages;
    }

    /** What the next clustering would sort, partition by partition: the level that it goes to, and the files. */
    static void clusterPlan(FileStoreTable t, boolean full, PrintStream out) {
        new IncrementalClusterManager(t).createCompactUnits(full).forEach((partition, unit) -> {
            List<String> names = new ArrayList<>();
            for (DataFileMeta f : unit.files()) names.add(f.fileName());
            Collections.sort(names);
            ObjectNode line = Json.M.createObjectNode().put("partition", t.store().pathFactory().getPartitionString(partition)).put("level", unit.outputLevel());
            line.set("files", Json.M.valueToTree(names));
            out.println(line);
        });
    }

    /** Some columns of rows, as one file beside those that hold the others: --columns a b --first-row-id N. */
    static void writeColumns(Main.Args a) throws Exception {
        FileStoreTable t = Main.table(a);
        String user = a.get("commit-user", "ref");
        long id = a.num("commit-id", Main.nextCommitId(t, user));
        RowType type = SpecialFields.rowTypeWithRowTracking(t.rowType(), false, true).project(a.all("columns"));
        try (IOManager io = Main.ioManager(); TableWriteImpl<?> w = t.newWrite(user); TableCommitImpl c = t.newCommit(user); BufferedReader in = Files.newBufferedReader(a.path("rows"))) {
            w.withIOManager(io);
            w.withWriteType(type);
            BinaryRow partition = partition(t, a);
            for (String line; (line = in.readLine()) != null; ) {
                JsonNode n = Json.M.readTree(line);
                InternalRow row = Json.parseRow(type, n.get("row"), Json.kind(n.path("kind").asText("+I")));
                ((TableWriteImpl<InternalRow>) w).getWrite().write(partition, 0, row);
            }
            List<CommitMessage> messages = new ArrayList<>();
            for (CommitMessage m : w.prepareCommit(true, id)) messages.add(a.has("first-row-id") ? at((CommitMessageImpl) m, a.num("first-row-id", 0)) : m);
            c.commit(id, messages);
        }
    }

    private static BinaryRow partition(FileStoreTable t, Main.Args a) {
        if (t.partitionKeys().isEmpty()) return BinaryRow.EMPTY_ROW;
        for (BinaryRow p : t.newSnapshotReader().partitions()) if (t.store().pathFactory().getPartitionString(p).equals(a.need("partition") + "/")) return p;
        throw new IllegalArgumentException("no such partition");
    }

    private static CommitMessage at(CommitMessageImpl m, long firstRowId) {
        List<DataFileMeta> files = new ArrayList<>();
        for (DataFileMeta f : m.newFilesIncrement().newFiles()) {
            files.add(f.assignFirstRowId(firstRowId));
            firstRowId += f.rowCount();
        }
        return new CommitMessageImpl(m.partition(), m.bucket(), m.totalBuckets(), new DataIncrement(files, List.of(), List.of()), CompactIncrement.emptyIncrement());
    }

    /** Rows go by their ids, as deletion vectors: --row-ids 3 7. */
    static void delete(Main.Args a) throws Exception {
        FileStoreTable t = Main.table(a);
        String user = a.get("commit-user", "ref");
        long id = a.num("commit-id", Main.nextCommitId(t, user));
        Set<Long> ids = new HashSet<>();
        for (String s : a.all("row-ids")) ids.add(Long.parseLong(s));
        List<CommitMessage> messages = new ArrayList<>();
        Map<BinaryRow, AppendDeleteFileMaintainer> maintainers = new LinkedHashMap<>();
        for (Split s : t.newReadBuilder().newScan().plan().splits()) {
            DataSplit split = (DataSplit) s;
            AppendDeleteFileMaintainer m = maintainers.computeIfAbsent(split.partition(), p -> BaseAppendDeleteFileMaintainer.forUnawareAppend(t.store().newIndexFileHandler(), t.snapshotManager().latestSnapshot(), p));
            for (DataFileMeta f : split.dataFiles()) {
                DeletionVector v = t.coreOptions().deletionVectorBitmap64() ? new Bitmap64DeletionVector() : new BitmapDeletionVector();
                DataSplit one = DataSplit.builder().withSnapshot(split.snapshotId()).withPartition(split.partition()).withBucket(split.bucket()).withBucketPath(split.bucketPath()).withDataFiles(List.of(f)).rawConvertible(true).build();
                long[] at = {0};
                try (RecordReader<InternalRow> r = t.newReadBuilder().withReadType(SpecialFields.rowTypeWithRowTracking(t.rowType()).project(SpecialFields.ROW_ID.name())).newRead().createReader(one)) {
                    r.forEachRemaining(row -> {
                        if (ids.contains(row.getLong(0))) v.delete(at[0]);
                        at[0]++;
                    });
                }
                if (!v.isEmpty()) m.notifyNewDeletionVector(f.fileName(), v);
            }
        }
        for (AppendDeleteFileMaintainer m : maintainers.values()) {
            List<IndexFileMeta> added = new ArrayList<>(), deleted = new ArrayList<>();
            for (IndexManifestEntry e : m.persist()) (e.kind() == FileKind.ADD ? added : deleted).add(e.indexFile());
            messages.add(new CommitMessageImpl(m.getPartition(), 0, -1, new DataIncrement(List.of(), List.of(), List.of(), added, deleted), CompactIncrement.emptyIncrement()));
        }
        try (TableCommitImpl c = t.newCommit(user)) {
            c.commit(id, messages);
        }
    }

    private Rows() {}
}
