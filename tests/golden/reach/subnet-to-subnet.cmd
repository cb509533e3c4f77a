reach shop.six shop.lan files/shop.ctstack
