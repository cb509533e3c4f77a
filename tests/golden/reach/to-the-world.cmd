reach shop.db world files/shop.ctstack
