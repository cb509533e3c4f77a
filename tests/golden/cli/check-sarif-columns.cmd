check --format sarif ../text/wide.ctstack ../rules/W0901-image-tag.ctstack
