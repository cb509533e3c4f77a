reach shop.web:80 shop.db files/shop.ctstack
