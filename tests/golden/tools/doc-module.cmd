doc std.ml
