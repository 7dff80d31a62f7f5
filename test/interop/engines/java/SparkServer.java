import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.collection.JavaConverters;

/**
 * SparkServer WAREHOUSE: one Spark session for all statements, the catalog of the warehouse in use.
 *
 * <p>Commands: "version"; "batch SQL" prints the rows of a statement, one a line.
 */
public final class SparkServer {
  private final SparkSession session;
  private final JsonValues values = new JsonValues(this::open);

  private SparkServer(String warehouse, String scratch) {
    session = SparkSession.builder()
        .master("local[1]")
        .config("spark.sql.extensions", "org.apache.paimon.spark.extensions.PaimonSparkSessionExtensions")
        .config("spark.sql.catalog.paimon", "org.apache.paimon.spark.SparkCatalog")
        .config("spark.sql.catalog.paimon.warehouse", Path.of(warehouse).toUri().toString())
        .config("spark.sql.defaultCatalog", "paimon")
        .config("spark.sql.warehouse.dir", Path.of(scratch).toUri().toString())
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.datetime.java8API.enabled", "true")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate();
    session.sparkContext().setLogLevel("OFF");
  }

  public static void main(String[] args) throws Exception {
    SparkServer server = new SparkServer(args[0], System.getProperty("java.io.tmpdir"));
    LineServer.serve(server::run);
  }

  private String run(List<String> args) {
    return switch (args.get(0)) {
      case "version" -> session.version();
      case "batch" -> batch(args.get(1));
      default -> throw new IllegalArgumentException("no such command: " + args.get(0));
    };
  }

  private String batch(String sql) {
    StringBuilder lines = new StringBuilder();
    for (Iterator<Row> rows = session.sql(sql).toLocalIterator(); rows.hasNext(); ) lines.append(values.of(rows.next())).append('\n');
    return lines.toString();
  }

  private Object open(Object value) {
    if (value instanceof Row row) return object(row);
    if (value instanceof scala.collection.Map<?, ?> map) return JavaConverters.mapAsJavaMap(map);
    if (value instanceof scala.collection.Seq<?> items) return JavaConverters.seqAsJavaList(items);
    return null;
  }

  private ObjectNode object(Row row) {
    ObjectNode object = LineServer.JSON.createObjectNode();
    String[] names = row.schema().fieldNames();
    for (int index = 0; index < names.length; index++) object.set(names[index], values.of(row.get(index)));
    return object;
  }
}
