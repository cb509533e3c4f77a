check --format json ../stack/good.ctstack
