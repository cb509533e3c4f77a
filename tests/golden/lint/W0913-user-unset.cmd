check --warn user-unset --warn W0914 off.ctstack
