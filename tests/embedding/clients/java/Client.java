// Runs cases through onnxruntime's Java binding: Client CASES, as clients_test.py writes them.
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

public class Client {
  static OnnxTensor read(OrtEnvironment environment, Path folder, String[] fields)
      throws IOException, OrtException {
    String[] sizes = fields[2].isEmpty() ? new String[0] : fields[2].split(",");
    long[] dims = new long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      dims[i] = Long.parseLong(sizes[i]);
    }
    byte[] bytes = Files.readAllBytes(folder.resolve(fields[3]));
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
    buffer.put(bytes).rewind();
    switch (fields[1]) {
      case "float32":
        return OnnxTensor.createTensor(environment, buffer.asFloatBuffer(), dims);
      case "float16":
        return OnnxTensor.createTensor(environment, buffer, dims, OnnxJavaType.FLOAT16);
      default:
        return OnnxTensor.createTensor(environment, buffer.asLongBuffer(), dims);
    }
  }

  static void run(OrtEnvironment environment, OrtSession session, Path folder)
      throws IOException, OrtException {
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    for (String line : Files.readAllLines(folder.resolve("inputs.tsv"))) {
      String[] fields = line.split("\t", -1);
      inputs.put(fields[0], read(environment, folder, fields));
    }
    try (OrtSession.Result results = session.run(inputs)) {
      int i = 0;
      for (Map.Entry<String, OnnxValue> result : results) {
        ByteBuffer buffer = ((OnnxTensor) result.getValue()).getByteBuffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        Files.write(folder.resolve("output" + i++ + ".bin"), bytes);
      }
    }
    for (OnnxTensor input : inputs.values()) {
      input.close();
    }
  }

  public static void main(String[] arguments) throws IOException, OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      String[] fields = line.split("\t");
      try (OrtSession session = environment.createSession(fields[0])) {
        for (int i = 1; i < fields.length; i++) {
          run(environment, session, Path.of(fields[i]));
        }
      }
    }
    System.out.println("ran all");
  }
}
