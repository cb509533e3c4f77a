reach shop.lan shop.db files/shop.ctstack
