explain image-tag
