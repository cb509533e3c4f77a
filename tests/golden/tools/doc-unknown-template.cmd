doc std.ml.olama
