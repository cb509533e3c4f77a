reach shop.web shop.db files/shop.ctstack
