check --format sarif partly.ctstack
