import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** Values of Java's types in the row JSON of the reference, but for timestamps, which always have nine digits. */
final class JsonValues {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final DateTimeFormatter MOMENT = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS");
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS");

  /** What an engine has of its own: its rows, and its collections where they are not Java's. */
  interface Own {
    /** The value as Java's List or Map, or as JSON; null where it is nothing of the engine's own. */
    Object open(Object value);
  }

  private final Own own;

  JsonValues(Own own) {
    this.own = own;
  }

  JsonNode of(Object value) {
    if (value == null) return NODES.nullNode();
    if (value instanceof JsonNode node) return node;
    if (value instanceof Boolean flag) return NODES.booleanNode(flag);
    if (value instanceof Byte || value instanceof Short || value instanceof Integer) return NODES.numberNode(((Number) value).intValue());
    if (value instanceof Float number) return Float.isFinite(number) ? NODES.numberNode(number) : NODES.textNode(number.toString());
    if (value instanceof Double number) return Double.isFinite(number) ? NODES.numberNode(number) : NODES.textNode(number.toString());
    String text = text(value);
    if (text != null) return NODES.textNode(text);
    if (value instanceof List<?> items) return array(items);
    if (value instanceof Object[] items) return array(Arrays.asList(items));
    if (value instanceof Map<?, ?> entries) return pairs(entries);
    Object opened = own.open(value);
    if (opened == null) throw new IllegalArgumentException("no JSON form for " + value.getClass());
    return of(opened);
  }

  private static String text(Object value) {
    if (value instanceof String || value instanceof Long || value instanceof LocalDate) return value.toString();
    if (value instanceof BigDecimal number) return number.toPlainString();
    if (value instanceof byte[] bytes) return HexFormat.of().formatHex(bytes);
    if (value instanceof LocalTime time) return TIME.format(time);
    if (value instanceof LocalDateTime moment) return MOMENT.format(moment);
    if (value instanceof Instant instant) return MOMENT.format(LocalDateTime.ofInstant(instant, ZoneOffset.UTC)) + "Z";
    return null;
  }

  private ArrayNode array(List<?> items) {
    ArrayNode array = NODES.arrayNode();
    for (Object item : items) array.add(of(item));
    return array;
  }

  private ArrayNode pairs(Map<?, ?> entries) {
    ArrayNode array = NODES.arrayNode();
    entries.forEach((key, item) -> array.add(NODES.arrayNode().add(of(key)).add(of(item))));
    return array;
  }
}
