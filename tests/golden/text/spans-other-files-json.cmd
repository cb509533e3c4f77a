check --format json spans-other-files.ctstack
