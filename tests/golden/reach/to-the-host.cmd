reach shop.db host files/shop.ctstack
