check --deny warnings --allow image-tag off.ctstack
