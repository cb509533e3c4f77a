explain E0101
