import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.format.Json;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Debezium's engine by a file of settings: its events go to a file of JSON lines, or to their topics at `kafka:host:port`. */
public class Engine {
    public static void main(String[] given) throws Exception {
        Properties settings = new Properties();
        settings.load(new FileReader(given[0]));
        boolean kafka = given[1].startsWith("kafka:");
        PrintWriter lines = kafka ? null : new PrintWriter(new FileWriter(given[1], StandardCharsets.UTF_8, true));
        KafkaProducer<String, String> topics = kafka ? producer(given[1].substring(6)) : null;
        Consumer<ChangeEvent<String, String>> told = event -> {
            if (kafka) {
                topics.send(new ProducerRecord<>(event.destination(), event.key(), event.value()));
            } else {
                lines.write("{\"topic\":\"" + event.destination() + "\",\"key\":" + event.key() + ",\"value\":" + event.value() + "}\n");
            }
        };
        DebeziumEngine<ChangeEvent<String, String>> engine = DebeziumEngine.create(Json.class)
            .using(settings)
            .using((success, message, error) -> {
                System.err.println("ENDED " + message);
                System.exit(success ? 0 : 1);
            })
            .notifying((events, committer) -> {
                for (ChangeEvent<String, String> event : events) {
                    told.accept(event);
                    committer.markProcessed(event);
                }
                if (kafka) {
                    topics.flush();
                } else {
                    lines.flush();
                }
                committer.markBatchFinished();
            })
            .build();
        new Thread(engine).start();
        System.in.read();
        engine.close();
    }

    private static KafkaProducer<String, String> producer(String servers) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", servers);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }
}
