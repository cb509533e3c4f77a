reach shop.modern shop.six files/shop.ctstack
