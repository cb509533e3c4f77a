check --deny image-tga off.ctstack
