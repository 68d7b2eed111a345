import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/** A cluster of one OpenSearch node, from the published jars: `java -cp … OneNode.java FOLDER PORT`. */
public class OneNode extends Node {
    private static Settings settings(Path home, int port) {
        return Settings.builder()
            .put("path.home", home.toString())
            .put("cluster.name", "banyan")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", port)
            .put("transport.port", 0)
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("node.processors", 2)
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
    }

    private OneNode(Path home, int port) {
        super(
            InternalSettingsPreparer.prepareEnvironment(settings(home, port), Map.of(), home, () -> "one"),
            List.of(Netty4Plugin.class),
            true
        );
    }

    public static void main(String[] given) throws Exception {
        OneNode node = new OneNode(Path.of(given[0]), Integer.parseInt(given[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (java.io.IOException ignored) {
                // The process ends all the same.
            }
        }));
        node.start();
        Thread.currentThread().join();
    }
}
