reach shop.wep shop.db files/shop.ctstack
