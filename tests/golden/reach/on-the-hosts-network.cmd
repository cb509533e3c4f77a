reach shop.agent shop.db files/shop.ctstack
