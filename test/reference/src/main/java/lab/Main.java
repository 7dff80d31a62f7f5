package lab;

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.time.Duration;
import java.util.*;
import java.util.function.Consumer;
import org.apache.paimon.catalog.*;
import org.apache.paimon.codegen.*;
import org.apache.paimon.crosspartition.*;
import org.apache.paimon.data.*;
import org.apache.paimon.data.serializer.InternalRowSerializer;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.index.HashBucketAssigner;
import org.apache.paimon.manifest.BucketEntry;
import org.apache.paimon.manifest.ManifestCommittable;
import org.apache.paimon.operation.*;
import org.apache.paimon.options.*;
import org.apache.paimon.predicate.*;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.schema.*;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.paimon.table.*;
import org.apache.paimon.table.sink.*;
import org.apache.paimon.table.source.*;
import org.apache.paimon.types.*;
import org.apache.paimon.utils.JsonSerdeUtil;

/** Command line over the Apache Paimon Java library: the reference that native code is checked against. */
public final class Main {
    /** --name value [value...] options and bare flags; relative paths resolve against `base`. */
    static final class Args {
        final String cmd;
        final Path base;
        final Map<String, List<String>> opts = new LinkedHashMap<>();

        Args(List<String> argv, Path base) {
            this.base = base;
            cmd = argv.isEmpty() ? "help" : argv.get(0);
            String key = "";
            for (String s : argv.subList(Math.min(1, argv.size()), argv.size())) {
                if (s.startsWith("--")) opts.computeIfAbsent(key = s.substring(2), k -> new ArrayList<>());
                else opts.computeIfAbsent(key, k -> new ArrayList<>()).add(s);
            }
        }

        boolean has(String k) { return opts.containsKey(k); }
        List<String> all(String k) { return opts.getOrDefault(k, List.of()); }
        String get(String k, String dflt) { return all(k).isEmpty() ? dflt : all(k).get(0); }
        String need(String k) {
            if (all(k).isEmpty()) throw new IllegalArgumentException("missing --" + k);
            return all(k).get(0);
        }
        long num(String k, long dflt) { return Long.parseLong(get(k, String.valueOf(dflt))); }
        Path path(String k) { return base.resolve(need(k)); }
        Map<String, String> map(String k) {
            Map<String, String> m = new LinkedHashMap<>();
            for (String kv : all(k)) m.put(kv.substring(0, kv.indexOf('=')), kv.substring(kv.indexOf('=') + 1));
            return m;
        }
    }

    public static void main(String[] argv) throws Exception {
        PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16), false, StandardCharsets.UTF_8);
        int rc = run(new Args(List.of(argv), Path.of("")), out);
        out.flush();
        Runtime.getRuntime().halt(rc); // Paimon leaves idle pool threads behind
    }

    static int run(Args a, PrintStream out) throws Exception {
        switch (a.cmd) {
            case "create": create(a); break;
            case "alter": catalog(a).alterTable(Identifier.fromString(a.need("table")), changes(a), false); break;
            case "write": write(a); break;
            case "read": case "systable": read(a, out); break;
            case "changelog": changelog(a, out); break;
            case "lives": lives(a, out); break;
            case "incremental": a.opts.put("option", concat(a.all("option"), "incremental-between=" + a.need("between"))); a.opts.put("kinds", List.of()); read(a, out); break;
            case "compact": compact(a); break;
            case "cluster-plan": Rows.clusterPlan(table(a), a.has("full"), out); break;
            case "write-columns": Rows.writeColumns(a); break;
            case "delete-rows": Rows.delete(a); break;
            case "expire-snapshots": out.println(table(a).newExpireSnapshots().config(expireConfig(a)).expire()); break;
            case "expire-changelogs": out.println(table(a).newExpireChangelog().config(expireConfig(a)).expire()); break;
            case "tag": tag(a); break;
            case "branch": branch(a); break;
            case "consumer": table(a).consumerManager().resetConsumer(a.need("id"), new org.apache.paimon.consumer.Consumer(a.num("next", 1))); break;
            case "rollback": if (a.has("tag")) table(a).rollbackTo(a.need("tag")); else table(a).rollbackTo(a.num("snapshot", 1)); break;
            case "remove-orphan": orphans(a, out); break;
            case "fsck": { ObjectNode r = new Fsck(table(a)).run(!a.has("no-data")); out.println(r); return r.get("ok").asBoolean() ? 0 : 1; }
            case "dump": Dump.run(table(a), out); break;
            case "vectors": Vectors.run(a.path("out")); break;
            case "union-values": Unions.values(a.need("kind"), a.num("seed", 1), a.num("count", 10), out); break;
            case "unions": Unions.ofPairs(a.need("kind"), a.path("pairs"), out); break;
            case "bench-write": Bench.write(a, out); break;
            case "bench-read": Bench.read(a, out); break;
            case "expect": return expect(a);
            case "script": return script(a, out);
            case "serve": serve(out); break;
            default: out.println("create alter write read systable changelog incremental compact write-columns delete-rows expire-snapshots expire-changelogs tag branch rollback remove-orphan fsck dump expect vectors union-values unions bench-write bench-read script serve"); return 2;
        }
        return 0;
    }

    /**
     * One JVM, commands as they come: a line {"args":[...]} is answered by a line {"rc":0,"out":"..."}, or by
     * {"error":"...","trace":"..."} where the command is refused; until the input ends.
     */
    private static void serve(PrintStream out) throws Exception {
        System.setOut(System.err); // nothing but answers on the standard output
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            ObjectNode answer = Json.M.createObjectNode();
            ByteArrayOutputStream buf = new ByteArrayOutputStream();
            try (PrintStream p = new PrintStream(buf, false, StandardCharsets.UTF_8)) {
                List<String> argv = new ArrayList<>();
                Json.M.readTree(line).get("args").forEach(n -> argv.add(n.asText()));
                int rc = run(new Args(argv, Path.of("")), p);
                p.flush();
                answer.put("rc", rc).put("out", buf.toString(StandardCharsets.UTF_8));
            } catch (Throwable e) {
                StringWriter trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace));
                answer.put("error", e.toString().split("\n")[0]).put("trace", trace.toString());
            }
            out.println(answer);
            out.flush();
        }
    }

    /** One JVM, many commands: a JSON array of {"args":[...], "out":file?, "fails":bool?}. */
    private static int script(Args a, PrintStream out) throws Exception {
        int bad = 0;
        for (String file : a.all("file")) {
            Path f = a.base.resolve(file).toAbsolutePath();
            for (JsonNode step : Json.M.readTree(Files.readString(f))) {
                List<String> argv = new ArrayList<>();
                step.get("args").forEach(n -> argv.add(n.asText()));
                ByteArrayOutputStream buf = new ByteArrayOutputStream();
                String error = null;
                int rc = 0;
                try (PrintStream p = new PrintStream(buf, false, StandardCharsets.UTF_8)) {
                    rc = run(new Args(argv, f.getParent()), p);
                } catch (Throwable e) {
                    error = e.toString().split("\n")[0];
                    if (a.has("trace")) e.printStackTrace();
                }
                boolean expectFail = step.path("fails").asBoolean();
                if (step.has("out")) {
                    Path o = f.getParent().resolve(step.get("out").asText());
                    Files.createDirectories(o.getParent());
                    Files.write(o, error == null ? buf.toByteArray() : (Json.string(Map.of("error", error)) + "\n").getBytes(StandardCharsets.UTF_8));
                }
                if ((error != null) != expectFail || (rc != 0 && !expectFail)) {
                    bad++;
                    out.println(f.getParent().getFileName() + " " + argv + " -> " + (error != null ? error : "rc " + rc + " " + buf.toString(StandardCharsets.UTF_8)));
                }
            }
        }
        return bad == 0 ? 0 : 1;
    }

    /** Writes everything a reader of the table could be asked for into --out; a refused read leaves {"error":...}. */
    private static int expect(Args a) throws Exception {
        Path dir = a.path("out");
        Files.createDirectories(dir);
        FileStoreTable t = table(a);
        Map<String, List<String>> jobs = new LinkedHashMap<>();
        Long first = t.snapshotManager().earliestSnapshotId(), last = t.snapshotManager().latestSnapshotId();
        if (last != null) for (long id = first; id <= last; id++) jobs.put("read-snapshot-" + id + ".ndjson", List.of("read", "--snapshot", "" + id));
        for (String tag : t.tagManager().allTagNames()) jobs.put("read-tag-" + tag + ".ndjson", List.of("read", "--tag", tag));
        for (String b : t.branchManager().branches()) jobs.put("read-branch-" + b + ".ndjson", List.of("read", "--branch", b));
        if (last != null) {
            boolean longLived = t.changelogManager().earliestLongLivedChangelogId() != null;
            jobs.put("changelog.ndjson", List.of("changelog", "--from-snapshot", "" + (longLived ? t.changelogManager().earliestLongLivedChangelogId() : first)));
            jobs.put("changelog-latest-full.ndjson", List.of("changelog", "--mode", "latest-full"));
            if (last > first) {
                jobs.put("incremental-" + first + "-" + last + ".ndjson", List.of("incremental", "--between", first + "," + last));
                jobs.put("incremental-diff-" + first + "-" + last + ".ndjson", List.of("incremental", "--between", first + "," + last, "--option", "incremental-between-scan-mode=diff"));
            }
        }
        List<String> sys = new ArrayList<>(List.of("snapshots", "schemas", "options", "tags", "branches", "partitions", "buckets", "files", "manifests", "table_indexes", "audit_log", "binlog", "consumers"));
        if (!t.primaryKeys().isEmpty()) sys.add("ro");
        for (String s : sys) jobs.put("sys-" + s + ".ndjson", List.of("systable", "--sys", s));
        jobs.put("dump.ndjson", List.of("dump"));
        jobs.put("fsck.json", List.of("fsck"));
        int rc = 0;
        for (Map.Entry<String, List<String>> j : jobs.entrySet()) {
            List<String> argv = new ArrayList<>(j.getValue());
            int sysAt = argv.indexOf("--sys");
            String name = a.need("table") + (sysAt < 0 ? "" : "$" + argv.get(sysAt + 1));
            argv.addAll(List.of("--warehouse", a.need("warehouse"), "--table", name));
            ByteArrayOutputStream buf = new ByteArrayOutputStream();
            try (PrintStream p = new PrintStream(buf, false, StandardCharsets.UTF_8)) {
                rc |= run(new Args(argv, a.base), p);
                p.flush();
                Files.write(dir.resolve(j.getKey()), buf.toByteArray());
            } catch (Exception e) {
                Files.writeString(dir.resolve(j.getKey()), Json.string(Map.of("error", e.toString().split("\n")[0])) + "\n");
            }
        }
        return rc;
    }

    static List<String> concat(List<String> l, String s) { List<String> r = new ArrayList<>(l); r.add(s); return r; }

    static Catalog catalog(Args a) {
        Options o = new Options();
        o.set("warehouse", a.path("warehouse").toAbsolutePath().normalize().toString());
        o.set("cache-enabled", "false");
        return CatalogFactory.createCatalog(CatalogContext.create(o));
    }

    static Table anyTable(Args a) throws Exception {
        String name = a.need("table");
        if (a.has("branch")) {
            int sys = name.indexOf('$');
            name = (sys < 0 ? name : name.substring(0, sys)) + "$branch_" + a.need("branch") + (sys < 0 ? "" : name.substring(sys));
        }
        Map<String, String> dyn = a.map("option");
        if (a.has("snapshot")) dyn.put("scan.snapshot-id", a.need("snapshot"));
        if (a.has("tag") && a.cmd.equals("read")) dyn.put("scan.tag-name", a.need("tag"));
        Table t = catalog(a).getTable(Identifier.fromString(name));
        return dyn.isEmpty() ? t : t.copy(dyn);
    }

    static FileStoreTable table(Args a) throws Exception { return (FileStoreTable) anyTable(a); }

    private static void create(Args a) throws Exception {
        Catalog c = catalog(a);
        Identifier id = Identifier.fromString(a.need("table"));
        c.createDatabase(id.getDatabaseName(), true);
        c.createTable(id, JsonSerdeUtil.fromJson(Files.readString(a.path("schema")), Schema.class), false);
    }

    private static List<SchemaChange> changes(Args a) throws Exception {
        List<SchemaChange> l = new ArrayList<>();
        for (JsonNode n : Json.M.readTree(Files.readString(a.path("changes")))) l.add(JsonSerdeUtil.fromJson(n.toString(), SchemaChange.class));
        return l;
    }

    static IOManager ioManager() throws IOException { return IOManager.create(Files.createTempDirectory("paimon-ref").toString()); }

    static long nextCommitId(FileStoreTable t, String user) {
        return t.snapshotManager().latestSnapshotOfUser(user).map(s -> s.commitIdentifier() + 1).orElse(1L);
    }

    private static void write(Args a) throws Exception {
        FileStoreTable t = table(a);
        if (a.has("write-only")) t = t.copy(Map.of("write-only", "true"));
        String user = a.get("commit-user", "ref");
        long id = a.num("commit-id", nextCommitId(t, user));
        RowType type = t.rowType();
        try (IOManager io = ioManager(); TableWriteImpl<?> w = t.newWrite(user); TableCommitImpl c = t.newCommit(user); BufferedReader in = Files.newBufferedReader(a.path("rows"))) {
            w.withIOManager(io);
            w.withIgnorePreviousFiles(a.has("overwrite"));
            RowPartitionKeyExtractor keys = new RowPartitionKeyExtractor(t.schema());
            HashBucketAssigner assigner = t.bucketMode() != BucketMode.HASH_DYNAMIC ? null
                    : new HashBucketAssigner(t.snapshotManager(), user, t.store().newIndexFileHandler(), 1, 1, 0, t.coreOptions().dynamicBucketTargetRowNum(), t.coreOptions().dynamicBucketMaxBuckets());
            GlobalIndexAssigner global = t.bucketMode() != BucketMode.KEY_DYNAMIC ? null : globalIndex(t, io, w);
            for (String line; (line = in.readLine()) != null; ) {
                JsonNode n = Json.M.readTree(line);
                InternalRow row = Json.parseRow(type, n.get("row"), Json.kind(n.path("kind").asText("+I")));
                if (global != null) global.processInput(row);
                else if (assigner == null) w.write(row);
                else w.write(row, assigner.assign(keys.partition(row), keys.trimmedPrimaryKey(row).hashCode()));
            }
            if (global != null) global.close();
            c.ignoreEmptyCommit(!t.coreOptions().forceCreatingSnapshot());
            if (a.has("overwrite")) c.withOverwrite(a.map("overwrite"));
            List<CommitMessage> messages = w.prepareCommit(true, id);
            if (a.has("filter-committed")) c.filterAndCommit(Map.of(id, messages));
            else if (a.has("watermark")) c.commit(new ManifestCommittable(id, a.num("watermark", 0), messages));
            else c.commit(id, messages);
        }
    }

    /** What a Flink job puts before the writers of a table whose keys move between partitions: an index of all its keys. */
    private static GlobalIndexAssigner globalIndex(FileStoreTable t, IOManager io, TableWriteImpl<?> w) throws Exception {
        GlobalIndexAssigner index = new GlobalIndexAssigner(t);
        index.open(0, io, 1, 0, (row, bucket) -> {
            try { w.write(row, bucket); } catch (Exception e) { throw new RuntimeException(e); }
        });
        new IndexBootstrap(t).bootstrap(1, 0, key -> {
            try { index.bootstrapKey(key); } catch (IOException e) { throw new UncheckedIOException(e); }
        });
        index.endBoostrap(false);
        return index;
    }

    private static void compact(Args a) throws Exception {
        FileStoreTable t = table(a).copy(Map.of("write-only", "false"));
        String user = a.get("commit-user", "ref");
        long id = a.num("commit-id", nextCommitId(t, user));
        try (IOManager io = ioManager(); TableCommitImpl c = t.newCommit(user)) {
            List<CommitMessage> messages = new ArrayList<>();
            if (t.bucketMode() == BucketMode.BUCKET_UNAWARE) {
                messages = Rows.compact(t, user, io);
            } else {
                try (TableWriteImpl<?> w = t.newWrite(user)) {
                    w.withIOManager(io);
                    for (BucketEntry b : t.newSnapshotReader().bucketEntries()) if (b.bucket() >= 0) w.compact(b.partition(), b.bucket(), a.has("full"));
                    messages = w.prepareCommit(true, id);
                }
            }
            c.commit(id, messages);
        }
    }

    private static ExpireConfig expireConfig(Args a) {
        int max = (int) a.num("retain-max", 1), min = (int) a.num("retain-min", 1);
        Duration age = Duration.ofMillis(a.num("retain-ms", 0));
        return ExpireConfig.builder().snapshotRetainMax(max).snapshotRetainMin(min).snapshotTimeRetain(age)
                .changelogRetainMax((int) a.num("changelog-retain-max", max)).changelogRetainMin((int) a.num("changelog-retain-min", min)).changelogTimeRetain(age).build();
    }

    private static void tag(Args a) throws Exception {
        FileStoreTable t = table(a);
        String name = a.need("name");
        switch (a.get("do", "create")) {
            case "create": t.createTag(name, a.num("from-snapshot", t.snapshotManager().latestSnapshotId())); break;
            case "delete": t.deleteTag(name); break;
            case "rename": t.renameTag(name, a.need("to")); break;
            case "replace": t.replaceTag(name, a.num("from-snapshot", t.snapshotManager().latestSnapshotId()), null); break;
            default: throw new IllegalArgumentException("tag --do create|delete|rename|replace");
        }
    }

    private static void branch(Args a) throws Exception {
        FileStoreTable t = table(a);
        String name = a.need("name");
        switch (a.get("do", "create")) {
            case "create": if (a.has("from-tag")) t.createBranch(name, a.need("from-tag")); else t.createBranch(name); break;
            case "delete": t.deleteBranch(name); break;
            case "fast-forward": t.fastForward(name); break;
            default: throw new IllegalArgumentException("branch --do create|delete|fast-forward");
        }
    }

    private static void orphans(Args a, PrintStream out) throws Exception {
        new LocalOrphanFilesClean(table(a), System.currentTimeMillis() - a.num("older-than-ms", 0), a.has("dry-run")).clean()
                .getDeletedFilesPath().stream().map(p -> p.toUri().getPath()).sorted().forEach(out::println);
    }

    /** --filter col op value [col op value ...], all ANDed; op: = != < <= > >= isnull notnull in(comma list) like. */
    private static Predicate filter(Args a, RowType t) {
        PredicateBuilder b = new PredicateBuilder(t);
        List<Predicate> ps = new ArrayList<>();
        List<String> f = a.all("filter");
        for (int i = 0; i + 2 < f.size() + 1 && i < f.size(); i += 3) {
            int idx = t.getFieldIndex(f.get(i));
            DataType ft = t.getTypeAt(idx);
            java.util.function.Function<String, Object> lit = s -> Json.parse(ft, Json.M.getNodeFactory().textNode(s));
            String v = f.get(i + 2);
            switch (f.get(i + 1)) {
                case "=": ps.add(b.equal(idx, lit.apply(v))); break;
                case "!=": ps.add(b.notEqual(idx, lit.apply(v))); break;
                case "<": ps.add(b.lessThan(idx, lit.apply(v))); break;
                case "<=": ps.add(b.lessOrEqual(idx, lit.apply(v))); break;
                case ">": ps.add(b.greaterThan(idx, lit.apply(v))); break;
                case ">=": ps.add(b.greaterOrEqual(idx, lit.apply(v))); break;
                case "isnull": ps.add(b.isNull(idx)); break;
                case "notnull": ps.add(b.isNotNull(idx)); break;
                case "like": ps.add(b.startsWith(idx, lit.apply(v))); break;
                case "in": ps.add(b.in(idx, Arrays.stream(v.split(",")).map(lit).collect(java.util.stream.Collectors.toList()))); break;
                default: throw new IllegalArgumentException("filter op " + f.get(i + 1));
            }
        }
        return ps.isEmpty() ? null : PredicateBuilder.and(ps);
    }

    static void forEach(ReadBuilder rb, Split split, boolean exact, Consumer<InternalRow> f) throws IOException {
        TableRead read = exact ? rb.newRead().executeFilter() : rb.newRead();
        try (RecordReader<InternalRow> r = read.createReader(split)) { r.forEachRemaining(f); }
    }

    static Comparator<InternalRow> order(Table t) {
        RowType type = t.rowType();
        int[] idx = t.primaryKeys().stream().mapToInt(type::getFieldIndex).toArray();
        if (idx.length == 0) return Comparator.comparing(r -> Json.row(type, r).toString());
        RecordComparator c = CodeGenUtils.newRecordComparator(type.getFieldTypes(), idx, true);
        return c::compare;
    }

    private static void read(Args a, PrintStream out) throws Exception {
        Table t = anyTable(a);
        RowType type = t.rowType();
        ReadBuilder rb = t.newReadBuilder();
        Predicate p = filter(a, type);
        if (p != null) rb = rb.withFilter(p);
        InternalRowSerializer copy = new InternalRowSerializer(type);
        List<InternalRow> rows = new ArrayList<>();
        for (Split s : rb.newScan().plan().splits()) forEach(rb, s, p != null, r -> rows.add(copyOf(copy, r)));
        if (t instanceof FileStoreTable) rows.sort(order(t));
        for (InternalRow r : rows) {
            ObjectNode row = Json.row(type, r);
            out.println(a.has("kinds") ? Json.M.createObjectNode().put("kind", r.getRowKind().shortString()).set("row", row) : row);
        }
    }

    /** The rows of every snapshot, then all changes, one JSON value a line: a table's whole history at once. */
    private static void lives(Args a, PrintStream out) throws Exception {
        FileStoreTable t = table(a);
        List<String> at = List.of("--warehouse", a.need("warehouse"), "--table", a.need("table"));
        Long first = t.snapshotManager().earliestSnapshotId(), last = t.snapshotManager().latestSnapshotId();
        for (long id = first == null ? 1 : first; last != null && id <= last; id++)
            out.println(answer(a, "read", at, "--snapshot", "" + id).put("snapshot", id));
        if (last != null) out.println(answer(a, "changelog", at, "--from-snapshot", "" + first));
    }

    /** The lines that a command prints, or the error that it ends with. */
    private static ObjectNode answer(Args a, String command, List<String> at, String... option) {
        List<String> argv = new ArrayList<>(List.of(command));
        argv.addAll(at);
        argv.addAll(List.of(option));
        ObjectNode answer = Json.M.createObjectNode();
        ByteArrayOutputStream buf = new ByteArrayOutputStream();
        try (PrintStream p = new PrintStream(buf, false, StandardCharsets.UTF_8)) {
            run(new Args(argv, a.base), p);
            p.flush();
            var lines = answer.putArray("lines");
            for (String line : buf.toString(StandardCharsets.UTF_8).split("\n")) if (!line.isEmpty()) lines.add(Json.M.readTree(line));
            return answer;
        } catch (Exception e) {
            return answer.removeAll().put("error", e.toString().split("\n")[0]);
        }
    }

    private static InternalRow copyOf(InternalRowSerializer s, InternalRow r) {
        RowKind k = r.getRowKind();
        InternalRow c = s.toBinaryRow(r).copy();
        c.setRowKind(k);
        return c;
    }

    private static void changelog(Args a, PrintStream out) throws Exception {
        FileStoreTable base = table(a);
        Map<String, String> o = new HashMap<>();
        o.put("scan.mode", a.get("mode", "from-snapshot"));
        if (!a.has("mode") || a.get("mode", "").startsWith("from-snapshot")) o.put("scan.snapshot-id", a.get("from-snapshot", "1"));
        FileStoreTable t = base.copyWithoutTimeTravel(o); // a stream keeps the latest schema
        ReadBuilder rb = t.newReadBuilder();
        StreamTableScan scan = rb.newStreamScan();
        long latest = base.snapshotManager().latestSnapshotId();
        InternalRowSerializer copy = new InternalRowSerializer(t.rowType());
        TreeMap<Long, List<InternalRow>> bySnapshot = new TreeMap<>();
        try {
            do {
                for (Split s : scan.plan().splits()) {
                    long id = s instanceof DataSplit ? ((DataSplit) s).snapshotId() : ((IncrementalSplit) s).snapshotId();
                    forEach(rb, s, false, r -> bySnapshot.computeIfAbsent(id, k -> new ArrayList<>()).add(copyOf(copy, r)));
                }
            } while (scan.checkpoint() != null && scan.checkpoint() <= latest);
        } catch (EndOfScanException ignored) { }
        Comparator<InternalRow> order = t.primaryKeys().isEmpty() ? (x, y) -> 0 : order(t);
        bySnapshot.forEach((id, rows) -> {
            rows.sort(order);
            for (InternalRow r : rows)
                out.println(Json.M.createObjectNode().put("snapshot", id).put("kind", r.getRowKind().shortString()).set("row", Json.row(t.rowType(), r)));
        });
    }
}
