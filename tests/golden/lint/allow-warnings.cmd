check --allow warnings off.ctstack
