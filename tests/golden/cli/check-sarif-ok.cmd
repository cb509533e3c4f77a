check --format sarif ../stack/good.ctstack
