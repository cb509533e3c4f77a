check --include ../stack includes.ctstack
