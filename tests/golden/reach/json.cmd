reach --format json world shop.web files/shop.ctstack
