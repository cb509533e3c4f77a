explain E0203
