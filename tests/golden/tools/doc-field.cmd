doc limits.memory
