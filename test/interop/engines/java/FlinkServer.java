import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * FlinkServer WAREHOUSE: one Flink session cluster for all statements, the catalog of the warehouse in use.
 *
 * <p>Commands: "version"; "batch SQL" prints the rows of a query, one a line; "stream COUNT SECONDS SQL" prints the changes of a
 * query, each with its kind, until it has COUNT of them or the time is over.
 */
public final class FlinkServer {
  private static final int SLOTS = 4;

  private final TableEnvironment batch;
  private final TableEnvironment streaming;
  private final JsonValues values = new JsonValues(value -> value instanceof Row row ? object(row, row.getFieldNames(true)) : null);

  private FlinkServer(Configuration cluster, String warehouse) {
    batch = environment(cluster, "batch", warehouse);
    streaming = environment(cluster, "streaming", warehouse);
  }

  public static void main(String[] args) throws Exception {
    Configuration settings = new Configuration();
    settings.setString("rest.address", "127.0.0.1");
    settings.setString("rest.bind-address", "127.0.0.1");
    settings.setString("rest.bind-port", "0");
    settings.setString("taskmanager.memory.network.min", "64m");
    settings.setString("taskmanager.memory.network.max", "64m");
    settings.setString("taskmanager.memory.managed.size", "128m");
    MiniCluster cluster = new MiniCluster(
        new MiniClusterConfiguration.Builder().setConfiguration(settings).setNumSlotsPerTaskManager(SLOTS).build());
    cluster.start();
    settings.setString("execution.target", "remote");
    settings.setString("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
    FlinkServer server = new FlinkServer(settings, args[0]);
    LineServer.serve(server::run);
  }

  private static TableEnvironment environment(Configuration cluster, String mode, String warehouse) {
    Configuration settings = new Configuration(cluster);
    settings.setString("execution.runtime-mode", mode);
    settings.setString("parallelism.default", "1");
    settings.setString("execution.checkpointing.interval", "1s");
    settings.setString("table.local-time-zone", "UTC");
    settings.setString("table.dml-sync", "true");
    settings.setString("table.exec.sink.upsert-materialize", "NONE");
    TableEnvironment environment =
        TableEnvironment.create(EnvironmentSettings.newInstance().withConfiguration(settings).build());
    environment.executeSql("CREATE CATALOG paimon WITH ('type' = 'paimon', 'warehouse' = '" + Path.of(warehouse).toUri() + "')");
    environment.executeSql("USE CATALOG paimon");
    return environment;
  }

  private String run(List<String> args) throws Exception {
    return switch (args.get(0)) {
      case "version" -> EnvironmentInformation.getVersion();
      case "batch" -> batch(args.get(1));
      case "stream" -> stream(Long.parseLong(args.get(1)), Long.parseLong(args.get(2)), args.get(3));
      default -> throw new IllegalArgumentException("no such command: " + args.get(0));
    };
  }

  private String batch(String sql) throws Exception {
    StringBuilder lines = new StringBuilder();
    TableResult result = batch.executeSql(sql);
    try (CloseableIterator<Row> rows = result.collect()) {
      while (rows.hasNext()) lines.append(object(rows.next(), names(result))).append('\n');
    }
    return lines.toString();
  }

  private String stream(long count, long seconds, String sql) throws Exception {
    StringBuilder lines = new StringBuilder();
    Timer limit = new Timer(true);
    TableResult result = streaming.executeSql(sql);
    CloseableIterator<Row> rows = result.collect();
    limit.schedule(new TimerTask() {
      @Override
      public void run() {
        result.getJobClient().ifPresent(job -> job.cancel());
      }
    }, seconds * 1000);
    try {
      for (long seen = 0; seen < count && hasNext(rows); seen++) {
        Row row = rows.next();
        ObjectNode change = LineServer.JSON.createObjectNode().put("kind", row.getKind().shortString());
        lines.append(change.set("row", object(row, names(result))).toString()).append('\n');
      }
    } finally {
      limit.cancel();
      rows.close();
    }
    return lines.toString();
  }

  /** The end of a job that was cancelled is the end of its rows. */
  private static boolean hasNext(Iterator<Row> rows) {
    try {
      return rows.hasNext();
    } catch (RuntimeException cancelled) {
      return false;
    }
  }

  /** Of a whole row: what a statement that is no query answers has no names in its rows. */
  private static List<String> names(TableResult result) {
    return result.getResolvedSchema().getColumnNames();
  }

  private ObjectNode object(Row row, Collection<String> names) {
    ObjectNode object = LineServer.JSON.createObjectNode();
    int index = 0;
    for (String name : names) object.set(name, values.of(row.getField(index++)));
    return object;
  }
}
