check --format sarif spans-other-files.ctstack
