import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.paimon.shade.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** A line {"args": [...]} in, a line {"rc": 0, "out": "..."} or {"error": "...", "trace": "..."} out, as the reference does. */
final class LineServer {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final int TRACE_MAX = 8000;

  interface Command {
    String run(List<String> args) throws Exception;
  }

  private LineServer() {}

  /** Serves until the input ends. Nothing but answers reaches the standard output; whatever an engine prints goes to the error output. */
  static void serve(Command command) throws Exception {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode answer = JSON.createObjectNode();
      try {
        List<String> args = new ArrayList<>();
        for (JsonNode arg : JSON.readTree(line).get("args")) args.add(arg.asText());
        answer.put("out", command.run(args)).put("rc", 0);
      } catch (Throwable error) {
        answer.put("error", messages(error)).put("trace", trace(error));
      }
      answers.println(JSON.writeValueAsString(answer));
    }
    System.exit(0);
  }

  /** The messages of an error and of its causes: engines wrap what went wrong several times. */
  private static String messages(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (text.length() > 0) text.append(" <- ");
      text.append(cause.getClass().getSimpleName()).append(": ").append(cause.getMessage());
    }
    return text.toString();
  }

  private static String trace(Throwable error) {
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text));
    String whole = text.toString();
    return whole.substring(0, Math.min(TRACE_MAX, whole.length()));
  }
}
