check --deny image-tag S1-S4-images-that-change-by-themselves.ctstack
