doc limits
