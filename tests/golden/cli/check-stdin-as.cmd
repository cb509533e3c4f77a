check --format json --as ../modules/edited.ctstack -
