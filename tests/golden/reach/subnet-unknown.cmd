reach shop.lann shop.db files/shop.ctstack
