doc allow
