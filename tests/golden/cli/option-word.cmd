check --format yaml x
