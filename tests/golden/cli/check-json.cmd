check --format json ../stack/wrong-type.ctstack
