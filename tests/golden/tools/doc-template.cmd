doc std.ml.ollama
