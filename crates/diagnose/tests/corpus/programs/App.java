// One attempt, as a Java program makes and reports it: App write|read|mkdir PATH, App bind PORT, App log PATH.
import java.io.FileOutputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;

public class App {
    public static void main(String[] args) throws Exception {
        switch (args[0]) {
            case "write" -> Files.writeString(Path.of(args[1]), "x");
            case "log" -> new FileOutputStream(args[1]).close();
            case "read" -> Files.readString(Path.of(args[1]));
            case "mkdir" -> Files.createDirectory(Path.of(args[1]));
            case "bind" -> new ServerSocket(Integer.parseInt(args[1])).close();
        }
    }
}
